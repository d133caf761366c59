// What the page remembers. Components read signals; only the functions here write them.
import { computed, signal } from "@preact/signals";
import { index } from "./trace";
import type { Index } from "./trace";
import type { Correction, Payload, Utterance } from "./model";

export const payload = signal<Payload | null>(null);
export const found = computed<Index>(() => index(payload.value!));

export const now = signal(0); // seconds, of the playback
export const playing = signal(false);
export const hover = signal<number | null>(null); // seconds under the pointer, in the lanes
export const view = signal<[number, number]>([0, 1]); // seconds that the lanes show
export const selected = signal<string | null>(null); // an utterance's id
export const evidence = signal<string | null>(null); // an evidence id that is looked at
export const cited = signal<readonly string[]>([]); // evidence ids that are marked in the lanes
export const following = signal(false); // the selection goes along with the playback
export const onlyConflicts = signal(false);
export const panel = signal<"utterance" | "people" | "table" | "compare" | "provenance">("utterance");
export const corrections = signal<readonly Correction[]>([]); // made on this page, not yet downloaded

export const marked = computed(() => new Set(cited.value));
/** The utterances that the filter lets through, in time order. */
export const listed = computed<Utterance[]>(() => {
  const all = payload.value?.trace.utterances ?? [];
  return onlyConflicts.value ? all.filter((u) => found.value.conflicts.has(u.id)) : all;
});
/** The utterance at the playhead: the last one that has begun; its text stays until the next begins. */
export const current = computed<Utterance | null>(() => latest(payload.value?.trace.utterances ?? [], now.value));

export const SHORTEST = 2; // seconds of the closest look

export function show(from: number, to: number): void {
  const duration = found.value.duration;
  const width = Math.min(duration, Math.max(SHORTEST, to - from));
  const start = Math.min(Math.max(0, from), duration - width);
  view.value = [start, start + width];
}

/** Brings `seconds` into view, the width kept. */
export function bring(seconds: number): void {
  const [from, to] = view.value;
  if (seconds < from || seconds > to) show(seconds - (to - from) / 4, seconds - (to - from) / 4 + (to - from));
}

/** Selects an utterance and marks `marks`, the evidence that something about it rests on. */
export function select(utterance: string | null, marks: readonly string[] = []): void {
  selected.value = utterance;
  evidence.value = null;
  cited.value = marks;
  const chosen = utterance === null ? undefined : found.value.utterances.get(utterance);
  if (chosen) bring(chosen.span.start);
}

/** Selects a piece of evidence and its utterance, and marks it in the lanes. */
export function point(id: string): void {
  const item = found.value.evidence.get(id);
  if (!item) return;
  selected.value = item.utterance;
  evidence.value = id;
  cited.value = [id];
  panel.value = "utterance";
  bring(item.span.start);
}

/** The last of `utterances` (in time order) that begins at or before `seconds`. */
export function latest(utterances: readonly Utterance[], seconds: number): Utterance | null {
  let low = 0;
  let high = utterances.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (utterances[middle]!.span.start <= seconds + 1e-3) low = middle + 1;
    else high = middle;
  }
  return utterances[low - 1] ?? null;
}
