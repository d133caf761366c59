// What of a long recording falls into the window that is shown. Times in seconds; all lists in the order of time.

export interface Timed {
  start: number;
  end: number;
}
export type Range = readonly [number, number];

/** Index of the first item whose `start` is not before `seconds`. */
export function firstFrom(items: readonly Timed[], seconds: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.start < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function longest(items: readonly Timed[]): number {
  return items.reduce((most, item) => Math.max(most, item.end - item.start), 0);
}

/** The items that touch the window. `reach`: the longest item's length, so that the search may start late. */
export function within<T extends Timed>(items: readonly T[], [from, to]: Range, reach: number): T[] {
  const found: T[] = [];
  for (let i = firstFrom(items, from - reach); i < items.length && items[i]!.start <= to; i++) {
    if (items[i]!.end >= from) found.push(items[i]!);
  }
  return found;
}

/** A row for each item so that items of one row do not overlap; the last of `most` rows takes what is left over. */
export function rows(items: readonly Timed[], most: number): number[] {
  const ends: number[] = [];
  return items.map(({ start, end }) => {
    let row = ends.findIndex((until) => until <= start + 1e-3);
    if (row < 0) row = Math.min(ends.length, most - 1);
    ends[row] = Math.max(end, ends[row] ?? 0);
    return row;
  });
}

/** Left edge and width in pixels of something in the window. */
export function place(
  { start, end }: Timed,
  [from, to]: Range,
  width: number,
  least = 3,
): { left: number; width: number } {
  const scale = width / (to - from);
  return { left: (start - from) * scale, width: Math.max((end - start) * scale, least) };
}

export interface Frame {
  range: Range;
  across: number;
} // what is drawn, in seconds and in pixels

/** Twice the window and around it, on a raster of half windows; `last` while that still covers the window. */
export function framed(last: Frame, [from, to]: Range, width: number): Frame {
  const wide = to - from;
  const [start, end] = last.range;
  const same = Math.abs((end - start) / 2 - wide) < wide * 1e-6 && last.across === width * 2;
  if (same && start <= from + 1e-9 && end >= to - 1e-9) return last;
  const base = (Math.floor((from / wide) * 2 + 1e-6) / 2 - 0.25) * wide;
  return { range: [base, base + 2 * wide], across: width * 2 };
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Seconds between two marks of the axis, so that they lie at least `apart` pixels from each other. */
export function tickStep([from, to]: Range, width: number, apart = 84): number {
  const least = ((to - from) * apart) / Math.max(width, 1);
  return STEPS.find((step) => step >= least) ?? STEPS[STEPS.length - 1]!;
}

export function ticks(range: Range, width: number): number[] {
  const step = tickStep(range, width);
  const first = Math.ceil(range[0] / step - 1e-9);
  const last = Math.floor(range[1] / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Math.round((first + i) * step * 1000) / 1000);
}

/** A window that is `factor` times as wide, `anchor` staying where it is. */
export function zoomed([from, to]: Range, factor: number, anchor: number): [number, number] {
  return [anchor - (anchor - from) * factor, anchor + (to - anchor) * factor];
}
