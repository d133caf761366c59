// How a label looks: a colour after Okabe and Ito (2008), always with a pattern. The classes stand in style/labels.css.

const LOOKS = new Map(
  Object.entries({
    neutral: "neutral",
    joy: "joy",
    joyful: "joy",
    anger: "anger",
    mad: "anger",
    surprise: "surprise",
    sadness: "sadness",
    sad: "sadness",
    disgust: "disgust",
    peaceful: "disgust",
    fear: "fear",
    scared: "fear",
    worry: "fear",
    excitement: "bright",
    anticipation: "bright",
    powerful: "bright",
    frustration: "deep",
    trust: "deep",
  }),
);
// Path of one 8 by 8 tile; null: the plain colour.
const TILES: Record<string, [string, string | null]> = {
  neutral: ["#a9adb5", null],
  joy: ["#e69f00", "M3 4a1 1 0 1 0 2 0a1 1 0 1 0 -2 0"],
  anger: ["#d55e00", "M-1 9L9 -1M-5 5L5 -5M3 13L13 3"],
  surprise: ["#56b4e9", "M4 1.5V6.5M1.5 4H6.5"],
  sadness: ["#0072b2", "M0 2H8M0 6H8"],
  disgust: ["#009e73", "M0 6L2 2L4 6L6 2L8 6"],
  fear: ["#cc79a7", "M2 0V8M6 0V8"],
  bright: ["#e5d31c", "M-1 -1L9 9M-5 3L5 13M3 -5L13 5"],
  deep: ["#882255", "M0 0H8M0 0V8"],
  other: ["#7a6f9b", "M0 8L8 0"],
};

/** The look of a label; labels outside the known sets share one, no label has its own. */
export function look(label: string | null | undefined): string {
  return label ? (LOOKS.get(label) ?? "other") : "none";
}

/** The class that gives an element the label's colour, its pattern and an ink to write on it with. */
export function labelClass(label: string | null | undefined): string {
  return `label-${look(label)}`;
}

const fills = new Map<string, CanvasPattern>();

/** The same colour and pattern for a canvas. */
export function canvasFill(context: CanvasRenderingContext2D, label: string): CanvasPattern | string {
  const [color, path] = TILES[look(label)] ?? ["transparent", null];
  return path ? tiled(context, path, "rgba(255, 255, 255, .42)", color, 8) : color;
}

/** Lines that stand for something missing, in the colour `ink`. */
export function hatching(context: CanvasRenderingContext2D, ink: string): CanvasPattern {
  return tiled(context, "M-1 7L7 -1M-1 1L1 -1M5 7L7 5", ink, null, 6);
}

function tiled(
  context: CanvasRenderingContext2D,
  path: string,
  ink: string,
  ground: string | null,
  size: number,
): CanvasPattern {
  const dots = devicePixelRatio || 1;
  const key = `${path} ${ink} ${ground} ${dots}`;
  const known = fills.get(key);
  if (known) return known;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(size * dots);
  const drawn = canvas.getContext("2d")!;
  drawn.scale(canvas.width / size, canvas.height / size);
  drawn.fillStyle = ground ?? "transparent";
  drawn.fillRect(0, 0, size, size);
  drawn.strokeStyle = ink;
  drawn.lineWidth = ground ? 1.3 : 1;
  drawn.stroke(new Path2D(path));
  const made = context.createPattern(canvas, "repeat")!;
  made.setTransform(new DOMMatrix().scale(size / canvas.width));
  fills.set(key, made);
  return made;
}

/** The label with the largest probability and that probability; null where there is none. */
export function strongest(distribution: Record<string, number>): [string, number] | null {
  let found: [string, number] | null = null;
  for (const [label, share] of Object.entries(distribution)) if (!found || share > found[1]) found = [label, share];
  return found;
}
