// A lane with a curve, drawn on a canvas of its own: only what the window shows, thinned to the pixels; gaps are hatched.
import { useEffect, useRef } from "preact/hooks";
import { hatching } from "../../labels";
import { gaps, thinned } from "../../curves";
import { blank, colour, repaint } from "../../theme";
import { frame, scale, useMoved } from "./size";
import type { Points } from "../../curves";
import type { Series } from "../../model";
import type { Frame } from "../../windows";
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
  useEffect(() => paint(canvas.current!, series!, drawn, height), [series, drawn, height, painted]);
  const style = { width: `${drawn.across}px`, height: `${height}px`, left: `${drawn.range[0] * scale.value}px` };
  return <div class="layer" ref={layer}><canvas ref={canvas} aria-hidden="true" style={style} /></div>;
}

function paint(canvas: HTMLCanvasElement, series: Series, { range, across }: Frame, height: number): void {
  const context = blank(canvas, across, height);
  const x = (seconds: number) => ((seconds - range[0]) / (range[1] - range[0])) * across;
  context.fillStyle = hatching(context, colour("--hatch"));
  context.beginPath();
  for (const [from, to] of gaps(series, range, ((range[1] - range[0]) / across) * SHORTEST_GAP)) {
    context.rect(Math.round(x(from)), 0, Math.round(x(to)) - Math.round(x(from)), height);
  }
  context.fill();
  const [low, high] = limits(series);
  const y = (value: number) => height - MARGIN - ((value - low) / (high - low)) * (height - 2 * MARGIN);
  line(context, thinned(series, range, Math.ceil(across / 2)), x, y, height - MARGIN);
}

/** The curve with a tint beneath it; it breaks where a value is null, and a value between two gaps is a dot. */
function line(context: CanvasRenderingContext2D, [times, found]: Points, x: (t: number) => number, y: (v: number) => number, floor: number): void {
  const stroke = new Path2D();
  const area = new Path2D();
  for (let i = 0, first = 0; i < found.length; i++) {
    const value = found[i]!;
    if (value === null) continue;
    const at: [number, number] = [x(times[i]!), y(value)];
    const opens = i === 0 || found[i - 1] === null;
    if (opens) {
      first = at[0];
      stroke.moveTo(...at);
      area.moveTo(at[0], floor);
    }
    stroke.lineTo(...at);
    area.lineTo(...at);
    if (i + 1 < found.length && found[i + 1] !== null) continue;
    if (opens) stroke.rect(at[0] - 0.5, at[1] - 0.5, 1, 1);
    area.lineTo(at[0], floor);
    area.lineTo(first, floor);
  }
  const crowded = found.length > CROWDED; // a tint would not be seen and costs the most
  context.strokeStyle = context.fillStyle = colour("--curve");
  context.lineWidth = crowded ? 1 : 1.4;
  context.lineJoin = "bevel";
  context.globalAlpha = 0.16;
  if (!crowded) context.fill(area);
  context.globalAlpha = 1;
  context.stroke(stroke);
}

/** From the least to the largest value that there can be; pitch and loudness get some air. */
function limits({ low, high, kind }: Series): [number, number] {
  const air = kind === "pitch" || kind === "loudness" ? (high - low) * 0.06 : 0;
  return [low - air, high + air || low + 1];
}
