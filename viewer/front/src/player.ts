// The one <video> of the page, and a clock where there is none or it cannot be played.
import { signal } from "@preact/signals";
import { bring, current, following, found, now, payload, playing, select, selected } from "./state";

let video: HTMLVideoElement | null = null;
export const speed = signal(1); // below 0: backwards
export const broken = signal(false); // the video could not be loaded

let frame = 0;
let last = 0;

export function attach(element: HTMLVideoElement | null): void {
  video = element;
}

export function seek(seconds: number): void {
  const to = Math.min(Math.max(0, seconds), found.value.duration);
  now.value = to;
  bring(to);
  if (video && !broken.value) video.currentTime = to;
}

export function step(seconds: number): void {
  seek(now.value + seconds);
}

/** One frame of the picture on or back; 1/25 s where there is no picture. */
export function frames(amount: number): void {
  pause();
  step(amount / (payload.value?.trace.clip.video?.fps || 25));
}

export function toggle(): void {
  if (playing.value) pause();
  else play(1);
}

export function pause(): void {
  video?.pause();
  speed.value = 1;
  playing.value = false;
}

/** Plays at `rate` times real time; a negative rate goes back by seeking, which every browser can. */
export function play(rate: number): void {
  speed.value = rate;
  playing.value = true;
  if (usable() && rate > 0) {
    video!.playbackRate = rate;
    void video!.play().catch(() => (playing.value = false)); // a browser may insist on a click of its own
  } else video?.pause();
  last = performance.now();
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(tick);
}

/** J and L: faster with each press, as at an editing desk. */
export function shuttle(direction: 1 | -1): void {
  const same = playing.value && Math.sign(speed.value) === direction;
  const faster = same ? Math.min(4, Math.abs(speed.value) * 2) : 1;
  play(direction * faster);
}

function usable(): boolean {
  return video !== null && !broken.value;
}

/** Follows the video while it plays, or is the clock itself. */
function tick(time: number): void {
  if (!playing.value) return;
  if (usable() && speed.value > 0) now.value = video!.currentTime;
  else run((time - last) / 1000);
  last = time;
  bring(now.value);
  if (following.value && current.value && current.value.id !== selected.value) select(current.value.id);
  frame = requestAnimationFrame(tick);
}

function run(seconds: number): void {
  const to = now.value + Math.max(0, seconds) * speed.value; // a frame may bear a time before the key that began it
  const end = found.value.duration;
  now.value = Math.min(Math.max(0, to), end);
  if (usable() && !video!.seeking) video!.currentTime = now.value;
  if (speed.value > 0 ? to >= end : to <= 0) pause();
}

/** What the native controls do reaches the page through these. */
export const listeners = {
  onPlay: () => {
    if (!playing.value && video && !video.paused) play(video.playbackRate || 1);
  },
  onPause: () => {
    if (speed.value > 0 && video?.paused) playing.value = false;
  },
  onSeeked: () => {
    if (video && speed.value > 0 && Math.abs(video.currentTime - now.value) > 0.04) {
      now.value = video.currentTime;
      bring(now.value);
    }
  },
  onRateChange: () => {
    if (video && speed.value > 0) speed.value = video.playbackRate;
  },
  onEnded: () => {
    if (speed.value > 0) pause(); // a jump to the end says so too, perhaps only once the way back has begun
  },
  onError: () => (broken.value = true),
};
