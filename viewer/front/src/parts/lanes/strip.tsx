// A lane of blocks. Few of them are elements; many are painted, and one stays an element so that keys reach every one.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { canvasFill, hatching, labelClass } from "../../labels";
import { seek } from "../../player";
import { bring, cited, evidence, marked, panel, point, select, selected } from "../../state";
import { blank, colour, repaint } from "../../theme";
import { place, within } from "../../windows";
import { stay } from "./reveal";
import { frame, scale, secondsAt, useMoved } from "./size";
import type { Frame } from "../../windows";
import type { Block } from "./blocks";
import type { Lane } from "./plan";

const [MOST, NARROWEST] = [90, 10]; // so many elements in one lane, so many pixels wide on average; else they are painted

export interface Box {
  width: number;
  scale: number;
} // pixels; pixels a second

interface Props {
  lane: Lane;
  inside: (block: Block, box: Box) => ComponentChildren;
}

export function Strip({ lane, inside }: Props) {
  const here = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  useMoved(layer);
  const [stop, setStop] = useState<string | null>(null); // where Tab enters the lane
  const moved = useRef(false);
  const blocks = lane.blocks();
  const inView = within(blocks, frame.value.range, lane.reach);
  const dense = isDense(inView);
  const entry = inView.find((b) => b.id === stop) ?? inView.find((b) => b.utterance === selected.value) ?? inView[0];
  useEffect(() => {
    if (moved.current) here.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus({ preventScroll: true });
    moved.current = false;
  }, [stop]);
  const keys = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = by && entry ? blocks[blocks.indexOf(entry) + by] : undefined;
    if (!by || event.shiftKey) return;
    event.preventDefault();
    if (!next) return;
    bring(next.start);
    moved.current = true;
    setStop(next.id);
  };
  const pick = (event: MouseEvent) => {
    const id = (event.target as Element).closest<HTMLElement>("[data-id]")?.dataset["id"];
    const block = id === undefined ? (dense ? hit(event, inView, lane) : undefined) : inView.find((b) => b.id === id);
    if (!block) return;
    event.stopPropagation();
    setStop(block.id);
    open(block);
  };
  return (
    <div class="strip" ref={here} onKeyDown={keys} onClick={pick} data-dense={dense || undefined}>
      <div class="layer" ref={layer}>
        {dense && <Dense blocks={inView} lane={lane} />}
        {(dense ? inView.filter((b) => b === entry) : inView).map((block) => (
          <Piece key={block.id} block={block} lane={lane} entry={block === entry} dense={dense} inside={inside} />
        ))}
      </div>
    </div>
  );
}

function isDense(blocks: readonly Block[]): boolean {
  if (blocks.length > MOST) return true;
  const seconds = blocks.reduce((sum, b) => sum + b.end - b.start, 0);
  return blocks.length > 12 && (seconds / blocks.length) * scale.value < NARROWEST;
}

/** Selects what a block stands for, marks its evidence and goes to its time. */
export function open(block: Block): void {
  stay();
  if (panel.value !== "table") panel.value = "utterance";
  if (block.evidence !== null && block.verdict === null && block.cites[0] === block.evidence) point(block.evidence);
  else select(block.utterance, block.cites);
  if (block.cites.length > 1) cited.value = block.cites;
  seek(block.start);
}

interface PieceProps extends Props {
  block: Block;
  entry: boolean;
  dense: boolean;
}

function Piece({ block, lane, entry, dense, inside }: PieceProps) {
  const box = { width: Math.max((block.end - block.start) * scale.value, 3), scale: scale.value };
  const rowed = lane.kind === "findings";
  const state = [
    "block",
    `k-${lane.kind}`,
    block.label === null && lane.kind === "opinion" ? labelClass(null) : "",
    selected.value === block.utterance ? "selected" : "",
    isMarked(block, lane) ? "marked" : "",
    block.evidence !== null && evidence.value === block.evidence ? "looked" : "",
    dense ? "ghost" : "",
  ]
    .filter(Boolean)
    .join(" ");
  const style = {
    left: `${block.start * box.scale}px`,
    width: `${box.width}px`,
    ...(rowed ? { top: `${3 + block.row * 17}px`, "--share": String(0.35 + 0.65 * block.share) } : {}),
  };
  return (
    <button
      type="button"
      class={state}
      style={style}
      tabIndex={entry ? 0 : -1}
      title={block.told}
      aria-label={block.told}
      aria-pressed={selected.value === block.utterance}
      data-testid="block"
      data-id={block.id}
      data-utterance={block.utterance}
      data-evidence={block.evidence ?? undefined}
    >
      {!dense && inside(block, box)}
    </button>
  );
}

function isMarked(block: Block, { kind }: Lane): boolean {
  if (kind === "findings" || kind === "words") return block.cites.some((id) => marked.value.has(id));
  return false;
}

function hit(event: MouseEvent, blocks: readonly Block[], lane: Lane): Block | undefined {
  const area = (event.currentTarget as Element).getBoundingClientRect();
  const seconds = secondsAt(event.clientX, area);
  const row = lane.kind === "findings" ? Math.floor((event.clientY - area.top - 3) / 17) : 0;
  const near = 3 / scale.value;
  return blocks.find((b) => b.row === row && b.start - near <= seconds && b.end + near >= seconds);
}

/** All blocks of a frame on one canvas. */
function Dense({ blocks, lane }: { blocks: Block[]; lane: Lane }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = frame.value;
  const seen = marked.value;
  const painted = repaint.value;
  useEffect(() => paint(canvas.current!, blocks, lane, drawn), [lane, drawn, seen, painted]);
  const style = { width: `${drawn.across}px`, height: `${lane.height}px`, left: `${drawn.range[0] * scale.value}px` };
  return <canvas ref={canvas} aria-hidden="true" style={style} />;
}

function paint(canvas: HTMLCanvasElement, blocks: Block[], lane: Lane, { range, across }: Frame): void {
  const context = blank(canvas, across, lane.height);
  const inks = {
    words: colour("--edge"),
    findings: colour("--curve"),
    conflict: colour("--warn"),
    none: colour("--edge"),
  };
  const rowed = lane.kind === "findings";
  for (const block of blocks) {
    const { left, width } = place(block, range, across, 1.5);
    const tall = rowed ? 13 : lane.kind === "verdict" ? Math.max(2, (lane.height - 6) * block.share) : lane.height - 6;
    const top = rowed ? 4 + block.row * 17 : lane.height - 3 - tall;
    context.globalAlpha = rowed ? 0.25 + 0.6 * block.share : lane.kind === "opinion" ? 0.3 + 0.7 * block.share : 1;
    if (block.label === undefined)
      context.fillStyle = lane.kind in inks ? inks[lane.kind as keyof typeof inks] : inks.words;
    else context.fillStyle = block.label === null ? hatching(context, inks.none) : canvasFill(context, block.label);
    if (rowed && marked.peek().has(block.id)) context.fillStyle = inks.conflict;
    context.fillRect(left, top, Math.max(width - 0.5, 1), tall);
  }
}
