// Curves cut to the window and thinned to what the pixels can show. A gap is null for the plot, NaN in the samples.
import { samples } from "./data";
import type { Series } from "./model";
import type { Range } from "./windows";

const decoded = new WeakMap<Series, Float32Array>();

/** The samples of a series, decoded once. */
export function values(series: Series): Float32Array {
  const known = decoded.get(series);
  if (known) return known;
  const made = samples(series);
  decoded.set(series, made);
  return made;
}

/** The value at `seconds`, or null in a gap. */
export function valueAt(series: Series, seconds: number): number | null {
  const value = values(series)[Math.round((seconds - series.start) / series.step)];
  return value === undefined || Number.isNaN(value) ? null : value;
}

const extents = new WeakMap<Series, Range>();

/** The least and the largest value that occur; 0 and 1 where none does. */
export function extent(series: Series): Range {
  const known = extents.get(series);
  if (known) return known;
  let [low, high] = [Infinity, -Infinity];
  for (const value of values(series)) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const made: Range = low <= high ? [low, high] : [0, 1];
  extents.set(series, made);
  return made;
}

/** First and one past the last sample of the window, with one more on either side so that lines reach the edges. */
function bounds({ start, step }: Series, count: number, [from, to]: Range): [number, number] {
  const first = Math.max(0, Math.floor((from - start) / step) - 1);
  return [Math.min(first, count), Math.min(count, Math.max(first, Math.ceil((to - start) / step) + 2))];
}

export type Points = [number[], (number | null)[]];

/** Times and values of the window: every sample, or the least and the largest of each of `buckets` stretches. A stretch
 *  with a gap in it ends with one. */
export function thinned(series: Series, range: Range, buckets: number): Points {
  const all = values(series);
  const [first, last] = bounds(series, all.length, range);
  if (last - first <= buckets * 2) return plain(series, all, first, last);
  const found: Points = [[], []];
  const size = Math.max(2, Math.ceil((last - first) / buckets));
  // Stretches lie on a fixed raster, so that a curve does not shimmer while the window moves.
  for (let i = Math.floor(first / size) * size; i < last; i += size) {
    extremes(series, all, Math.max(i, 0), Math.min(i + size, all.length), found);
  }
  return found;
}

function plain({ start, step }: Series, all: Float32Array, first: number, last: number): Points {
  const found: Points = [[], []];
  for (let i = first; i < last; i++) {
    found[0].push(start + i * step);
    found[1].push(Number.isNaN(all[i]!) ? null : all[i]!);
  }
  return found;
}

function extremes({ start, step }: Series, all: Float32Array, from: number, to: number, [times, found]: Points): void {
  let least = -1;
  let most = -1;
  let gap = -1;
  for (let i = from; i < to; i++) {
    const value = all[i]!;
    if (Number.isNaN(value)) gap = i;
    else {
      if (least < 0 || value < all[least]!) least = i;
      if (most < 0 || value > all[most]!) most = i;
    }
  }
  const kept = [least, most, gap].filter((i, place, list) => i >= 0 && list.indexOf(i) === place).sort((a, b) => a - b);
  for (const i of kept) {
    times.push(start + i * step);
    found.push(i === gap ? null : all[i]!);
  }
}

/** Stretches of the window without a value, before the first and after the last sample too. */
export function gaps(series: Series, range: Range, shortest: number): [number, number][] {
  const all = values(series);
  const { start, step } = series;
  const found: [number, number][] = [];
  const add = (from: number, to: number) => {
    const cut: [number, number] = [Math.max(from, range[0]), Math.min(to, range[1])];
    if (cut[1] - cut[0] >= shortest) found.push(cut);
  };
  add(range[0], start);
  const [first, last] = bounds(series, all.length, range);
  for (let i = first; i < last; i++) {
    if (!Number.isNaN(all[i]!)) continue;
    const from = i;
    while (i < last && Number.isNaN(all[i]!)) i++;
    add(start + (from ? from - 1 : 0) * step, start + i * step);
  }
  add(start + (all.length - 1) * step, range[1]);
  return found;
}
