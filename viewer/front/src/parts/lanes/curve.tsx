// A lane with a curve, drawn on a canvas of its own: only what the window shows, thinned to the pixels; gaps are hatched.
import { useEffect, useRef } from "preact/hooks";
import { gaps, thinned } from "../../curves";
import { view } from "../../state";
import { colour, repaint } from "../../theme";
import { width } from "./size";
import type { Points } from "../../curves";
import type { Series } from "../../model";
import type { Range } from "../../windows";
import type { Lane } from "./plan";

const SHORTEST_GAP = 2; // pixels
const MARGIN = 4; // pixels above and below

export function Curve({ lane: { series, height } }: { lane: Lane }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const across = width.value;
  const range = view.value;
  const painted = repaint.value;
  useEffect(() => paint(canvas.current!, series!, range, across, height), [series, range, across, height, painted]);
  return <canvas class="curve" ref={canvas} aria-hidden="true" style={{ width: `${across}px`, height: `${height}px` }} />;
}

function paint(canvas: HTMLCanvasElement, series: Series, range: Range, across: number, height: number): void {
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(across * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  const x = (seconds: number) => ((seconds - range[0]) / (range[1] - range[0])) * across;
  context.fillStyle = hatching(context, colour("--hatch"), scale);
  for (const [from, to] of gaps(series, range, ((range[1] - range[0]) / across) * SHORTEST_GAP)) {
    context.fillRect(x(from), 0, x(to) - x(from), height);
  }
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
  context.strokeStyle = context.fillStyle = colour("--curve");
  context.lineWidth = 1.4;
  context.lineJoin = "round";
  context.globalAlpha = 0.16;
  context.fill(area);
  context.globalAlpha = 1;
  context.stroke(stroke);
}

/** From the least to the largest value that there can be; pitch and loudness get some air. */
function limits({ low, high, kind }: Series): [number, number] {
  const air = kind === "pitch" || kind === "loudness" ? (high - low) * 0.06 : 0;
  return [low - air, high + air || low + 1];
}

const patterns = new Map<string, CanvasPattern>();

function hatching(context: CanvasRenderingContext2D, ink: string, scale: number): CanvasPattern {
  const key = `${ink} ${scale}`;
  const known = patterns.get(key);
  if (known) return known;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(6 * scale);
  const drawn = tile.getContext("2d")!;
  drawn.scale(tile.width / 6, tile.height / 6);
  drawn.strokeStyle = ink;
  drawn.stroke(new Path2D("M-1 7L7 -1M-1 1L1 -1M5 7L7 5"));
  const made = context.createPattern(tile, "repeat")!;
  patterns.set(key, made);
  return made;
}
