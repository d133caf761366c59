// From the microphone's rate to 16 kHz: a windowed sinc, so that nothing above 8 kHz folds down into the voice.

export const RATE = 16_000; // samples per second
const LOBES = 16; // zero crossings of the sinc on each side
const ROLL_OFF = 0.92; // of the Nyquist frequency

/** Takes blocks of samples of -1 to 1 at `from` per second and gives what can be said at 16 kHz so far. */
export class Resampler {
  private held: Float32Array = new Float32Array(0);
  private at: number; // where in `held` the next sample lies
  private readonly reach: number; // samples of the input on each side
  private readonly cutoff: number; // of the input's rate

  constructor(private readonly from: number) {
    this.cutoff = (Math.min(RATE, from) / from) * ROLL_OFF;
    this.reach = Math.ceil(LOBES / this.cutoff);
    this.held = new Float32Array(this.reach); // silence before the beginning
    this.at = this.reach;
  }

  next(block: Float32Array): Float32Array {
    const joined = new Float32Array(this.held.length + block.length);
    joined.set(this.held);
    joined.set(block, this.held.length);
    const step = this.from / RATE;
    const made: number[] = [];
    for (; this.at + this.reach < joined.length; this.at += step) made.push(this.sample(joined));
    const passed = Math.max(0, Math.floor(this.at) - this.reach);
    this.held = joined.slice(passed);
    this.at -= passed;
    return Float32Array.from(made);
  }

  private sample(input: Float32Array): number {
    const first = Math.ceil(this.at - this.reach);
    const last = Math.floor(this.at + this.reach);
    let sum = 0;
    for (let i = Math.max(0, first); i <= last; i++) sum += input[i]! * this.weight(i - this.at);
    return sum;
  }

  /** A sinc under a Hann window, `x` samples of the input away. */
  private weight(x: number): number {
    const window = 0.5 * (1 + Math.cos((Math.PI * x) / this.reach));
    const angle = Math.PI * x * this.cutoff;
    return this.cutoff * window * (Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle);
  }
}

/** Samples of -1 to 1 as 16-bit integers; what is louder is clipped. */
export function pcm(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (x) => Math.round(Math.max(-1, Math.min(1, x)) * 32767));
}

/** How loud, in dB below full scale; silence is -100. */
export function level(samples: Float32Array): number {
  let sum = 0;
  for (const x of samples) sum += x * x;
  return Math.max(-100, 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12));
}
