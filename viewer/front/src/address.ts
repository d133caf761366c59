// Deep links: #t=12.3&e=ID (evidence) or &u=ID (utterance).
import { effect } from "@preact/signals";
import { evidence, found, now, playing, point, select, selected } from "./state";
import { seek } from "./player";

export interface Place {
  time: number | null;
  evidence: string | null;
  utterance: string | null;
}

export function read(hash: string): Place {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const time = Number.parseFloat(parts.get("t") ?? "");
  return {
    time: Number.isFinite(time) && time >= 0 ? time : null,
    evidence: parts.get("e"),
    utterance: parts.get("u"),
  };
}

export function write({ time, evidence, utterance }: Place): string {
  const parts = new URLSearchParams();
  if (time !== null) parts.set("t", String(Math.round(time * 100) / 100));
  if (evidence !== null) parts.set("e", evidence);
  else if (utterance !== null) parts.set("u", utterance);
  return `#${parts}`;
}

/** Where the page stands, as a link. */
export function here(): string {
  return write({ time: now.peek(), evidence: evidence.peek(), utterance: selected.peek() });
}

let kept = "";

function go(hash: string): void {
  if (hash === kept) return; // written by the page itself
  const { time, evidence, utterance } = read(hash);
  if (evidence !== null) point(evidence);
  else if (utterance !== null) select(utterance);
  const start = time ?? startOf(evidence, utterance);
  if (start !== undefined) seek(start);
}

/** Where what the address names begins, in seconds. */
function startOf(evidence: string | null, utterance: string | null): number | undefined {
  const { evidence: pieces, utterances } = found.value;
  return evidence !== null ? pieces.get(evidence)?.span.start : utterances.get(utterance ?? "")?.span.start;
}

let waiting: ReturnType<typeof setTimeout> | undefined;

/** Keeps the address in step without filling the history; a little later, as browsers allow only so many a second. */
function keep(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    kept = here();
    try {
      history.replaceState(null, "", kept);
    } catch {
      return; // a page inside another page may not
    }
  }, 200);
}

/** Goes where the address says, now and whenever it changes; then the address follows what is selected. */
export function follow(): void {
  addEventListener("hashchange", ({ newURL }) => go(new URL(newURL).hash)); // the page may have written its own since
  if (location.hash) go(location.hash);
  let first = true;
  effect(() => {
    void selected.value;
    void evidence.value;
    if (!playing.value) void now.value;
    if (!first) keep();
    first = false;
  });
}
