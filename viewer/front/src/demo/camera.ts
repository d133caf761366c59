// The camera, opened only when it was agreed to: a preview for the user, small JPEG pictures for the analysis.
import { camera } from "./state";

const WISHES = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15 }, facingMode: "user" };
const LARGEST = 480; // pixels of the longer side
const PERIOD = 125; // milliseconds between two pictures
const QUALITY = 0.8;

let timer = 0;

/** `take` is given about eight pictures a second. Rejects where the browser or its user refuses. */
export async function openCamera(take: (picture: ArrayBuffer) => void): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: WISHES });
  const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true, playsInline: true });
  await video.play();
  camera.value = stream;
  const canvas = document.createElement("canvas");
  let busy = false;
  timer = window.setInterval(() => {
    if (busy || !video.videoWidth) return;
    busy = true;
    void shot(video, canvas).then((picture) => {
      busy = false;
      if (picture && camera.value) take(picture);
    });
  }, PERIOD);
}

async function shot(video: HTMLVideoElement, canvas: HTMLCanvasElement): Promise<ArrayBuffer | null> {
  const scale = Math.min(1, LARGEST / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d")!.drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return blob && blob.arrayBuffer();
}

export function closeCamera(): void {
  clearInterval(timer);
  for (const track of camera.value?.getTracks() ?? []) track.stop();
  camera.value = null;
}
