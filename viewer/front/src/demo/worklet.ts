// Runs in the audio thread: what the microphone gives, as PCM of 16 kHz in pieces of 50 ms.
import { level, pcm, RATE, Resampler } from "./resample";

const PIECE = RATE / 20; // samples

declare const sampleRate: number;
declare function registerProcessor(name: string, made: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

class Capture extends AudioWorkletProcessor {
  private readonly resampler = new Resampler(sampleRate);
  private readonly piece = new Float32Array(PIECE);
  private filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0] ?? [];
    if (channels.length) for (const sample of this.resampler.next(mean(channels))) this.take(sample);
    return true;
  }

  private take(sample: number): void {
    this.piece[this.filled++] = sample;
    if (this.filled < PIECE) return;
    const made = pcm(this.piece).buffer;
    this.port.postMessage({ samples: made, level: level(this.piece) }, [made]);
    this.filled = 0;
  }
}

function mean(channels: Float32Array[]): Float32Array {
  return channels[0]!.map((_, i) => channels.reduce((sum, channel) => sum + channel[i]!, 0) / channels.length);
}

registerProcessor("capture", Capture);
