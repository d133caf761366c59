// The lanes of all people on one time axis: scrolls down by itself, moves in time by dragging, zooms by ctrl and wheel.
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { seek } from "../../player";
import { hover, onlyConflicts, show, view } from "../../state";
import { zoomed } from "../../windows";
import { Group } from "./group";
import { Axis, Overlay } from "./overlay";
import { plan } from "./plan";
import { reveal } from "./reveal";
import { secondsAt, width } from "./size";

const CLICK = 4; // pixels that a pointer may move and still click

export function Lanes() {
  const sheet = useRef<HTMLDivElement>(null);
  useEffect(() => measure(sheet.current!), []);
  useEffect(() => gestures(sheet.current!), []);
  useSignalEffect(() => reveal(sheet.current!.parentElement!));
  const empty = plan.value.every((group) => group.lanes.every((lane) => !lane.blocks.length && !lane.series));
  return (
    <div class="tracks" data-testid="lanes" role="region" aria-label="Lanes" tabIndex={-1}>
      <div class="sheet" ref={sheet}>
        <Axis />
        {empty && <p class="nothing">{onlyConflicts.value ? "No utterance is in conflict." : "No utterance was found in this clip."}</p>}
        {plan.value.map((group) => <Group key={group.key} group={group} />)}
        <Overlay />
      </div>
    </div>
  );
}

function area(sheet: HTMLElement): DOMRect {
  return sheet.querySelector(".axis .plot")!.getBoundingClientRect();
}

function measure(sheet: HTMLElement): () => void {
  const observer = new ResizeObserver(() => (width.value = Math.max(40, area(sheet).width)));
  observer.observe(sheet);
  return () => observer.disconnect();
}

function gestures(sheet: HTMLElement): () => void {
  const off = new AbortController();
  const { signal } = off;
  sheet.addEventListener("wheel", (event) => wheel(event, sheet), { passive: false, signal });
  sheet.addEventListener("pointerleave", () => (hover.value = null), { signal });
  sheet.addEventListener("pointermove", (event) => {
    const at = area(sheet);
    hover.value = event.pointerType === "mouse" && event.clientX >= at.left ? secondsAt(event.clientX, at) : null;
  }, { signal });
  drags(sheet, signal);
  return () => off.abort();
}

function wheel(event: WheelEvent, sheet: HTMLElement): void {
  const [from, to] = view.peek();
  const aside = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    show(...zoomed([from, to], Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.006), secondsAt(event.clientX, area(sheet))));
  } else if (event.shiftKey || Math.abs(aside) > Math.abs(event.deltaY)) {
    event.preventDefault();
    const by = (aside / width.peek()) * (to - from);
    show(from + by, to + by);
  }
}

/** Dragging moves the window; a press without a drag goes to its time, unless a block takes it. */
function drags(sheet: HTMLElement, signal: AbortSignal): void {
  let from: { x: number; view: [number, number] } | null = null;
  let moved = false;
  sheet.addEventListener("pointerdown", (event) => {
    moved = false;
    const target = event.target as Element;
    if (event.button === 0 && target.closest(".plot") && !target.closest(".scrub")) from = { x: event.clientX, view: view.peek() };
  }, { signal });
  addEventListener("pointermove", (event) => {
    if (!from || (!moved && Math.abs(event.clientX - from.x) < CLICK)) return;
    moved = true;
    const by = ((from.x - event.clientX) / width.peek()) * (from.view[1] - from.view[0]);
    show(from.view[0] + by, from.view[1] + by);
  }, { signal });
  for (const end of ["pointerup", "pointercancel"] as const) addEventListener(end, () => (from = null), { signal });
  sheet.addEventListener("click", (event) => {
    if (moved) event.stopPropagation();
    moved = false;
  }, { capture: true, signal });
  sheet.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest(".plot") && !target.closest(".scrub, button")) seek(secondsAt(event.clientX, area(sheet)));
  }, { signal });
}
