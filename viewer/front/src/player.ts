// The one <video> of the page, and a clock where there is none.
import { bring, now, playing } from "./state";

let video: HTMLVideoElement | null = null;

export function attach(element: HTMLVideoElement | null): void {
  video = element;
}

export function seek(seconds: number): void {
  now.value = seconds;
  bring(seconds);
  if (video) video.currentTime = seconds;
}

export function toggle(): void {
  if (!video) return;
  if (video.paused) void video.play().catch(() => undefined); // a browser may insist on a click of its own
  else video.pause();
}

export function step(seconds: number): void {
  seek(Math.max(0, now.value + seconds));
}

/** Called on every frame that is shown. */
export function tick(): void {
  if (!video) return;
  now.value = video.currentTime;
  playing.value = !video.paused;
  if (playing.value) bring(now.value);
}
