// Each person's course through the clip: what they express how often, when it shifts, and what goes before it.
import type { Index } from "./trace";
import type { Trace, Utterance, Verdict } from "./model";

export interface Turn {
  utterance: Utterance;
  verdict: Verdict | undefined;
}
export interface Course {
  person: string | null;
  turns: Turn[];
  seconds: number;
  shares: [string | null, number][];
  shifts: Verdict[];
  conflicts: string[];
}
export interface Tie {
  from: string | null;
  to: string | null;
  times: number;
  labels: [string, string, number][];
}

export function courses(trace: Trace, index: Index): Course[] {
  return index.people.map((person) => {
    const id = person?.id ?? null;
    const turns = trace.utterances
      .filter((u) => u.person === id)
      .map((utterance) => ({ utterance, verdict: index.verdicts.get(utterance.id) }));
    return {
      person: id,
      turns,
      seconds: turns.reduce((sum, { utterance: { span } }) => sum + span.end - span.start, 0),
      shares: shares(turns),
      shifts: turns.flatMap(({ verdict }) => (verdict?.shift ? [verdict] : [])),
      conflicts: turns.filter(({ utterance }) => index.conflicts.has(utterance.id)).map(({ utterance }) => utterance.id),
    };
  });
}

/** Labels with the share of a person's utterances that have them, the most frequent first; null: no label. */
export function shares(turns: readonly Turn[]): [string | null, number][] {
  const found = new Map<string | null, number>();
  for (const { verdict } of turns) found.set(verdict?.label ?? null, (found.get(verdict?.label ?? null) ?? 0) + 1);
  return [...found].map(([label, times]): [string | null, number] => [label, times / turns.length]).sort((a, b) => b[1] - a[1]);
}

/** Whose utterances are named as causes of whose expression; an utterance is not counted as its own cause. */
export function ties(trace: Trace, index: Index): Tie[] {
  const found = new Map<string, Tie>();
  for (const verdict of trace.verdicts) {
    const to = index.utterances.get(verdict.utterance)?.person ?? null;
    for (const cause of verdict.causes) {
      const from = index.utterances.get(cause);
      if (!from || cause === verdict.utterance) continue;
      const key = JSON.stringify([from.person, to]);
      const tie = found.get(key) ?? { from: from.person, to, times: 0, labels: [] };
      tie.times += 1;
      grow(tie.labels, index.verdicts.get(cause)?.label, verdict.label);
      found.set(key, tie);
    }
  }
  for (const tie of found.values()) tie.labels.sort((a, b) => b[2] - a[2]);
  return [...found.values()].sort((a, b) => b.times - a.times);
}

function grow(labels: [string, string, number][], before: string | null | undefined, after: string | null): void {
  if (!before || !after) return;
  const known = labels.find(([a, b]) => a === before && b === after);
  if (known) known[2] += 1;
  else labels.push([before, after, 1]);
}

/** Means over `width` values around each; what is missing stays missing and counts for nothing. */
export function smoothed(values: readonly (number | null)[], width: number): (number | null)[] {
  const half = width >> 1;
  return values.map((value, i) => {
    if (value === null) return null;
    const near = values.slice(Math.max(0, i - half), i + half + 1).filter((v): v is number => v !== null);
    return near.reduce((sum, v) => sum + v, 0) / near.length;
  });
}

/** An SVG path through places, with a gap wherever one is missing; a lone place becomes a short dash. */
export function path(places: readonly ([number, number] | null)[]): string {
  let drawing = false;
  return places
    .map((place, i) => {
      if (!place) {
        drawing = false;
        return "";
      }
      const [x, y] = place.map((v) => v.toFixed(2));
      const lone = !drawing && !places[i + 1];
      const step = `${drawing ? "L" : "M"}${x} ${y}${lone ? "h0.01" : ""}`;
      drawing = true;
      return step;
    })
    .join("");
}
