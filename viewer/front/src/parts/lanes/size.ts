// How the lanes lie on the screen. What is drawn reaches beyond the window on both sides and is moved as a whole while
// the window moves; only where the window leaves it, or is zoomed, is it drawn anew.
import { computed, signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import type { RefObject } from "preact";
import { view } from "../../state";
import { framed } from "../../windows";
import type { Frame } from "../../windows";

/** Pixels between the left and the right edge of what the lanes draw on, the names excluded. */
export const width = signal(1000);

let last: Frame = { range: [0, 1], across: 1 };

/** The stretch that is drawn; the same object as long as it still covers the window at the same zoom. */
export const frame = computed<Frame>(() => (last = framed(last, view.value, width.value)));

/** Pixels a second. */
export const scale = computed(() => frame.value.across / (frame.value.range[1] - frame.value.range[0]));

/** Keeps an element, in which a second lies `scale` pixels from the next, in step with the window. */
export function useMoved(here: RefObject<HTMLElement | null>): void {
  const move = () => {
    if (here.current) here.current.style.transform = `translateX(${-view.value[0] * scale.value}px)`;
  };
  useSignalEffect(move);
  useLayoutEffect(move);
}

/** Seconds at a place of the screen, given the element that the lanes draw on. */
export function secondsAt(x: number, area: DOMRect): number {
  const [from, to] = view.peek();
  return from + ((x - area.left) / area.width) * (to - from);
}
