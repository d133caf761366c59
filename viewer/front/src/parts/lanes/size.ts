// Pixels between the left and the right edge of what the lanes draw on, the names excluded.
import { signal } from "@preact/signals";
import { view } from "../../state";

export const width = signal(1000);

export const GUTTER = "--gutter";

/** Seconds at a place of the screen, given the element that the lanes draw on. */
export function secondsAt(x: number, area: DOMRect): number {
  const [from, to] = view.peek();
  return from + ((x - area.left) / area.width) * (to - from);
}
