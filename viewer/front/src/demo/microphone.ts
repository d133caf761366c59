// The microphone, opened only when it was agreed to. Nothing is improved on the way: loudness and noise are findings.
import { loudness, microphone, muted } from "./state";

const WISHES = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

let stream: MediaStream | null = null;
let context: AudioContext | null = null;

/** `take` is given 50 ms of PCM at 16 kHz at a time. Rejects where the browser or its user refuses. */
export async function openMicrophone(take: (samples: ArrayBuffer) => void): Promise<void> {
  stream = await navigator.mediaDevices.getUserMedia({ audio: WISHES });
  context = new AudioContext({ latencyHint: "interactive" });
  await context.audioWorklet.addModule("/demo/worklet.js");
  const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  node.port.onmessage = ({ data }: MessageEvent<{ samples: ArrayBuffer; level: number }>) => {
    loudness.value = data.level;
    if (!muted.value) take(data.samples);
  };
  context.createMediaStreamSource(stream).connect(node);
  await context.resume();
  microphone.value = true;
}

/** Muted, the track itself gives silence, and nothing is sent. */
export function mute(quiet: boolean): void {
  muted.value = quiet;
  for (const track of stream?.getAudioTracks() ?? []) track.enabled = !quiet;
}

export function closeMicrophone(): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
  void context?.close();
  stream = context = null;
  microphone.value = muted.value = false;
  loudness.value = -100;
}
