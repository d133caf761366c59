// A lane with a curve, drawn on a canvas of its own: only what the window shows, thinned to the pixels; gaps are hatched.
import { useEffect, useRef } from "preact/hooks";
import { extent, gaps, thinned } from "../../curves";
import { hatching } from "../../labels";
import { found, marked } from "../../state";
import { blank, colour, repaint } from "../../theme";
import { frame, scale, useMoved } from "./size";
import type { Points } from "../../curves";
import type { Evidence, Series } from "../../model";
import type { Frame, Range } from "../../windows";
import type { Lane } from "./plan";

const SHORTEST_GAP = 2; // pixels
const CROWDED = 1600; // points
const MARGIN = 4; // pixels above and below

export function Curve({ lane: { series, height } }: { lane: Lane }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  useMoved(layer);
  const drawn = frame.value;
  const painted = repaint.value;
  const spans = marks(series!);
  useEffect(
    () => paint(canvas.current!, series!, drawn, height, spans),
    [series, drawn, height, painted, spans.join()],
  );
  const style = { width: `${drawn.across}px`, height: `${height}px`, left: `${drawn.range[0] * scale.value}px` };
  return (
    <div class="layer" ref={layer}>
      <canvas ref={canvas} aria-hidden="true" style={style} />
    </div>
  );
}

function paint(
  canvas: HTMLCanvasElement,
  series: Series,
  { range, across }: Frame,
  height: number,
  spans: Range[],
): void {
  const context = blank(canvas, across, height);
  const x = (seconds: number) => ((seconds - range[0]) / (range[1] - range[0])) * across;
  context.fillStyle = hatching(context, colour("--hatch"));
  context.beginPath();
  for (const [from, to] of gaps(series, range, ((range[1] - range[0]) / across) * SHORTEST_GAP)) {
    context.rect(Math.round(x(from)), 0, Math.round(x(to)) - Math.round(x(from)), height);
  }
  context.fill();
  context.fillStyle = colour("--mark");
  for (const [from, to] of spans) context.fillRect(x(from), 0, Math.max(x(to) - x(from), 2), height);
  const [low, high] = limits(series);
  const y = (value: number) => height - MARGIN - ((value - low) / (high - low)) * (height - 2 * MARGIN);
  line(context, thinned(series, range, Math.ceil(across / 2)), x, y, height - MARGIN);
}

/** When the marked evidence was seen or heard in this curve. */
function marks({ person, kind, name }: Series): Range[] {
  const cited = [...marked.value].flatMap((id) => found.value.evidence.get(id) ?? []);
  const shown = (e: Evidence) =>
    kind === "action_unit"
      ? name in e.measures
      : kind === "face_quality"
        ? e.kind === "face_visibility"
        : e.kind.startsWith(kind);
  return cited.filter((e) => e.person === person && shown(e)).map((e) => [e.span.start, e.span.end]);
}

/** The curve with a tint beneath it; it breaks where a value is null, and a value between two gaps is a dot. */
function line(
  context: CanvasRenderingContext2D,
  [times, list]: Points,
  x: (t: number) => number,
  y: (v: number) => number,
  floor: number,
): void {
  const stroke = new Path2D();
  const area = new Path2D();
  for (let i = 0, first = 0; i < list.length; i++) {
    const value = list[i]!;
    if (value === null) continue;
    const at: [number, number] = [x(times[i]!), y(value)];
    const opens = i === 0 || list[i - 1] === null;
    if (opens) {
      first = at[0];
      stroke.moveTo(...at);
      area.moveTo(at[0], floor);
    }
    stroke.lineTo(...at);
    area.lineTo(...at);
    if (i + 1 < list.length && list[i + 1] !== null) continue;
    if (opens) stroke.rect(at[0] - 0.5, at[1] - 0.5, 1, 1);
    area.lineTo(at[0], floor);
    area.lineTo(first, floor);
  }
  const crowded = list.length > CROWDED; // a tint would not be seen and costs the most
  context.strokeStyle = context.fillStyle = colour("--curve");
  context.lineWidth = crowded ? 1 : 1.4;
  context.lineJoin = "bevel";
  context.globalAlpha = 0.16;
  if (!crowded) context.fill(area);
  context.globalAlpha = 1;
  context.stroke(stroke);
}

/** What can be, from bottom to top; of pitch and loudness what occurs, as no two voices lie in the same place. */
function limits(series: Series): Range {
  if (series.kind === "face_quality" || series.kind === "action_unit") return [series.low, series.high];
  const [low, high] = extent(series);
  return [low, high > low ? high : low + 1];
}
