// The whole clip at a glance: a strip of verdicts for each person, conflicts, and the window as a brush to drag.
import { useEffect, useRef } from "preact/hooks";
import { canvasFill, hatching } from "../labels";
import { found, now, onlyConflicts, payload, show, view } from "../state";
import { blank, colour, repaint } from "../theme";
import { clock } from "../wording";
import { width } from "./lanes/size";

const ROW = 9; // pixels for each person
const TICKS = 8; // pixels for the conflicts

export function Minimap() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const height = found.value.people.length * (ROW + 2) + TICKS + 2;
  const across = width.value;
  const painted = repaint.value;
  const filtered = onlyConflicts.value;
  useEffect(() => paint(canvas.current!, across, height), [across, height, painted, filtered]);
  return (
    <div class="minimap">
      <div class="gutter">
        <span class="name">Whole clip</span>
      </div>
      <div class="plot" style={{ height: `${height}px` }} onPointerDown={dragged} data-testid="minimap">
        <canvas ref={canvas} aria-hidden="true" style={{ width: `${across}px`, height: `${height}px` }} />
        <Brush />
        <Here />
      </div>
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, across: number, height: number): void {
  const context = blank(canvas, across, height);
  const { people, duration, verdicts, conflicts } = found.peek();
  const row = new Map(people.map((person, i) => [person?.id ?? null, i]));
  const [none, warn] = [colour("--edge"), colour("--warn")];
  for (const u of payload.peek()!.trace.utterances) {
    const clash = conflicts.has(u.id);
    const left = (u.span.start / duration) * across;
    const wide = Math.max(((u.span.end - u.span.start) / duration) * across, 1.2);
    const label = verdicts.get(u.id)?.label ?? null;
    context.globalAlpha = onlyConflicts.peek() && !clash ? 0.15 : 1;
    context.fillStyle = label === null ? hatching(context, none) : canvasFill(context, label);
    context.fillRect(left, (row.get(u.person) ?? 0) * (ROW + 2), wide, ROW);
    if (!clash) continue;
    context.fillStyle = warn;
    context.fillRect(left + wide / 2 - 1, height - TICKS, 2, TICKS - 2);
  }
}

/** Dragging the brush moves the window, dragging its ends widens it, a press elsewhere brings it there. */
function dragged(event: PointerEvent): void {
  const plot = event.currentTarget as HTMLElement;
  const area = plot.getBoundingClientRect();
  const duration = found.peek().duration;
  const at = (x: number) => ((x - area.left) / area.width) * duration;
  const part = (event.target as HTMLElement).dataset["part"];
  let [from, to] = view.peek();
  if (!part) {
    const half = (to - from) / 2;
    show(at(event.clientX) - half, at(event.clientX) + half);
    [from, to] = view.peek();
  }
  const start = at(event.clientX);
  plot.setPointerCapture(event.pointerId);
  const move = (moved: PointerEvent) => {
    const by = at(moved.clientX) - start;
    if (part === "left") show(Math.min(from + by, to - 1), to);
    else if (part === "right") show(from, Math.max(to + by, from + 1));
    else show(from + by, to + by);
  };
  plot.addEventListener("pointermove", move);
  const end = () => plot.removeEventListener("pointermove", move);
  plot.addEventListener("lostpointercapture", end, { once: true });
}

function Brush() {
  const [from, to] = view.value;
  const duration = found.value.duration;
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -0.25, ArrowRight: 0.25, PageUp: -1, PageDown: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    show(from + by * (to - from), to + by * (to - from));
  };
  return (
    <div
      class="brush"
      role="slider"
      tabIndex={0}
      aria-label="The window that the lanes show"
      aria-valuemin={0}
      aria-valuemax={Math.round(duration)}
      aria-valuenow={Math.round(from)}
      aria-orientation="horizontal"
      aria-valuetext={`${clock(from)} to ${clock(to)}`}
      onKeyDown={keys}
      data-part="middle"
      data-testid="brush"
      style={{ left: `${(from / duration) * 100}%`, width: `${((to - from) / duration) * 100}%` }}
    >
      <span data-part="left" />
      <span data-part="right" />
    </div>
  );
}

function Here() {
  return <div class="here" style={{ left: `${(now.value / found.value.duration) * 100}%` }} aria-hidden="true" />;
}
