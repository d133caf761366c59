// Wheel, drag and pinch on the lanes.
import { seek } from "../../player";
import { hover, show, view } from "../../state";
import { zoomed } from "../../windows";
import { secondsAt, width } from "./size";

const CLICK = 4; // pixels that a pointer may move and still click

/** What the lanes draw on, without the names. */
export function area(sheet: HTMLElement): DOMRect {
  return sheet.querySelector(".axis .plot")!.getBoundingClientRect();
}

export function gestures(sheet: HTMLElement): () => void {
  const off = new AbortController();
  const { signal } = off;
  sheet.addEventListener("wheel", (event) => wheel(event, sheet), { passive: false, signal });
  sheet.addEventListener("pointerleave", () => (hover.value = null), { signal });
  sheet.addEventListener(
    "pointermove",
    (event) => {
      const at = area(sheet);
      hover.value = event.pointerType === "mouse" && event.clientX >= at.left ? secondsAt(event.clientX, at) : null;
    },
    { signal },
  );
  drags(sheet, signal);
  return () => off.abort();
}

function wheel(event: WheelEvent, sheet: HTMLElement): void {
  const [from, to] = view.peek();
  const aside = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    show(
      ...zoomed(
        [from, to],
        Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.006),
        secondsAt(event.clientX, area(sheet)),
      ),
    );
  } else if (event.shiftKey || Math.abs(aside) > Math.abs(event.deltaY)) {
    event.preventDefault();
    const by = (aside / width.peek()) * (to - from);
    show(from + by, to + by);
  }
}

interface Start {
  x: number;
  apart: number;
  view: [number, number];
} // middle and distance of the fingers, in pixels

/** Dragging moves the window, two fingers zoom it; a press without a drag goes to its time, unless a block takes it. */
function drags(sheet: HTMLElement, signal: AbortSignal): void {
  const down = new Map<number, number>(); // pointers and where they are
  let start: Start | null = null;
  let moved = false;
  const begin = () => (start = down.size ? { ...spread([...down.values()]), view: view.peek() } : null);
  sheet.addEventListener(
    "pointerdown",
    (event) => {
      const target = event.target as Element;
      if (event.button !== 0 || !target.closest(".plot") || target.closest(".scrub")) return;
      if (!down.size) moved = false;
      down.set(event.pointerId, event.clientX);
      begin();
    },
    { signal },
  );
  addEventListener(
    "pointermove",
    (event) => {
      if (!start || !down.has(event.pointerId)) return;
      down.set(event.pointerId, event.clientX);
      const now = spread([...down.values()]);
      if (!moved && down.size === 1 && Math.abs(now.x - start.x) < CLICK) return;
      moved = true;
      follow(start, now, area(sheet));
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel"] as const) {
    addEventListener(end, (event) => down.delete(event.pointerId) && begin(), { signal });
  }
  clicks(sheet, signal, () => moved);
}

function spread(places: readonly number[]): { x: number; apart: number } {
  const [one, other = one] = places as [number, number?];
  return { x: (one + other) / 2, apart: Math.max(Math.abs(other - one), 1) };
}

/** The time that was under the fingers stays under them. */
function follow(start: Start, { x, apart }: { x: number; apart: number }, at: DOMRect): void {
  const [from, to] = start.view;
  const seconds = from + ((start.x - at.left) / at.width) * (to - from);
  const [first, last] = zoomed(start.view, start.apart / apart, seconds);
  const by = ((start.x - x) / at.width) * (last - first);
  show(first + by, last + by);
}

function clicks(sheet: HTMLElement, signal: AbortSignal, moved: () => boolean): void {
  sheet.addEventListener("click", (event) => moved() && event.detail > 0 && event.stopPropagation(), {
    capture: true,
    signal,
  });
  sheet.addEventListener(
    "click",
    (event) => {
      const target = event.target as Element;
      if (target.closest(".plot") && !target.closest(".scrub, button")) seek(secondsAt(event.clientX, area(sheet)));
    },
    { signal },
  );
}
