// What a person sets right: kept on this page, downloaded as corrections.jsonl (docs/design/corrections.md).
import { signal } from "@preact/signals";
import type { Correction, Layer, Trace } from "./model";

export const FILE = "corrections.jsonl";
export const FORMAT = "emoagent.corrections/1";
export const kept = signal<readonly Correction[]>([]); // the list as it was last downloaded
export const NEW = "new:"; // before the name of somebody whom the run does not know

/** A correction that keeps what stood there is a confirmation, and counts as agreement. */
export function confirms({ before, after }: Correction): boolean {
  return before === after;
}

/** The list with `made` in it; an earlier one about the same field of the same utterance gives way. */
export function added(list: readonly Correction[], made: Correction): Correction[] {
  return [...list.filter((c) => !(c.utterance === made.utterance && c.field === made.field)), made];
}

/** The list without `undone`. */
export function without(list: readonly Correction[], undone: Correction): Correction[] {
  return list.filter((c) => c !== undone);
}

/** One line of JSON for each correction, its keys in the order of the format; the end of the last line included. */
export function jsonl(list: readonly Correction[]): string {
  return list
    .map(
      ({ format, clip, utterance, field, before, after, by, note }) =>
        `${JSON.stringify({ format, clip, utterance, field, before, after, by, note })}\n`,
    )
    .join("");
}

/** Text that was typed, or null for none. */
export function typed(text: string): string | null {
  const trimmed = text.trim();
  return trimmed === "" ? null : trimmed;
}

/** What imported layers say about one utterance, newest first. */
export function imported(layers: readonly Layer[], utterance: string): { layer: string; correction: Correction }[] {
  return layers
    .flatMap(({ name, corrections }) =>
      corrections.filter((c) => c.utterance === utterance).map((correction) => ({ layer: name, correction })),
    )
    .reverse();
}

/** What stands for a field of an utterance after the imported layers: a label, a person's id, new:NAME, or null. */
export function standing(trace: Trace, layers: readonly Layer[], utterance: string, field: Correction["field"]): string | null {
  const last = imported(layers, utterance).find(({ correction }) => correction.field === field);
  if (last) return last.correction.after;
  if (field === "label") return trace.verdicts.find((v) => v.utterance === utterance)?.label ?? null;
  return trace.utterances.find((u) => u.id === utterance)?.person ?? null;
}
