// Two judgements of one clip side by side, and how far they agree.
import type { Agreement, Other, Trace, Utterance, Verdict } from "./model";

export const FEW = 30; // places below which an agreement says little

export interface Pair {
  utterance: Utterance;
  ours: Verdict | null;
  theirs: Verdict | null;
  match: string | null;
  same: boolean;
  gap: number;
}

/** Every utterance with both verdicts: differences first, the surest of them foremost; what is the same follows in order. */
export function pairs(trace: Trace, other: Other): Pair[] {
  const ours = new Map(trace.verdicts.map((v) => [v.utterance, v]));
  const all = trace.utterances.map((utterance, i): Pair => {
    const mine = ours.get(utterance.id) ?? null;
    const theirs = other.verdicts[i] ?? null;
    const same = (mine?.label ?? null) === (theirs?.label ?? null);
    return { utterance, ours: mine, theirs, match: other.match[i] ?? null, same, gap: same ? 0 : gap(mine, theirs) };
  });
  return all
    .map((pair, i) => ({ pair, i }))
    .sort((a, b) => b.pair.gap - a.pair.gap || a.i - b.i)
    .map(({ pair }) => pair);
}

/** How serious a difference is: both sure of different labels weighs most, one without a label least. */
function gap(a: Verdict | null, b: Verdict | null): number {
  if (!a?.label || !b?.label) return 0.1;
  return 1 + (a.confidence ?? 0.5) + (b.confidence ?? 0.5);
}

/** How far two lists of labels agree, over the places where both have one. Kappa: agreement beyond what chance gives;
 *  null where it is not defined (nothing to compare, or both always say one and the same). */
export function agreement(labels: readonly (readonly [string | null, string | null])[]): Agreement {
  const both = labels.filter((pair): pair is [string, string] => pair[0] !== null && pair[1] !== null);
  const n = both.length;
  const same = both.filter(([a, b]) => a === b).length;
  const [left, right] = [tally(both.map(([a]) => a)), tally(both.map(([, b]) => b))];
  let chance = 0;
  for (const [label, times] of left) chance += (times * (right.get(label) ?? 0)) / (n * n);
  const rows = [...tally(both.map((pair) => JSON.stringify(pair)))]
    .map(([pair, times]): [string, string, number] => [...(JSON.parse(pair) as [string, string]), times])
    .sort((a, b) => b[2] - a[2]);
  return { n, same, kappa: n && chance < 1 - 1e-12 ? (same / n - chance) / (1 - chance) : null, rows };
}

function tally(items: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const item of items) found.set(item, (found.get(item) ?? 0) + 1);
  return found;
}

/** Cohen's kappa in words, after Landis and Koch (1977). */
export function kappaWord(kappa: number): string {
  const step = [0, 0.2, 0.4, 0.6, 0.8].findIndex((most) => kappa <= most);
  return ["no better than chance", "slight", "fair", "moderate", "substantial", "almost perfect"][step < 0 ? 5 : step]!;
}
