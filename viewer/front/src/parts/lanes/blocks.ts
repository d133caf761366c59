// What stands in the lanes as blocks: words, verdicts, opinions, conflicts, findings. Pure: index in, blocks out.
import { strongest } from "../../labels";
import { rows } from "../../windows";
import { capital, clock, conflictTitle, percent, silence, SOURCES, verdictName } from "../../wording";
import type { Evidence, Modality, Opinion, Utterance, Verdict } from "../../model";
import type { Index } from "../../trace";
import type { Timed } from "../../windows";

export interface Block extends Timed {
  id: string; // of its own within the lane
  utterance: string;
  evidence: string | null; // what is selected by a click, where the block is a piece of evidence
  cites: readonly string[]; // what is marked by a click
  row: number;
  text: string;
  told: string; // the whole in words: tooltip and name for who cannot see it
  label: string | null | undefined; // undefined: the block has no label to colour it
  share: number; // probability of the label, or reliability of a finding, 0 to 1
  verdict: Verdict | null;
}

function block(utterance: Utterance, told: string, more: Partial<Block> = {}): Block {
  return {
    id: utterance.id,
    utterance: utterance.id,
    start: utterance.span.start,
    end: utterance.span.end,
    evidence: null,
    cites: [],
    row: 0,
    text: "",
    told: `${clock(utterance.span.start)}: ${told}`,
    label: undefined,
    share: 1,
    verdict: null,
    ...more,
  };
}

export function said(index: Index, utterances: readonly Utterance[]): Block[] {
  return utterances.map((u) => {
    const words = (index.of.get(u.id) ?? []).filter((e) => e.modality === "text").map((e) => e.id);
    return block(u, u.text || "no words were recognised", { text: u.text, evidence: words[0] ?? null, cites: words });
  });
}

export function judged(index: Index, utterances: readonly Utterance[]): Block[] {
  return utterances.map((u) => {
    const verdict = index.verdicts.get(u.id) ?? null;
    const label = verdict?.label ?? null;
    const share = label === null ? 0 : (verdict?.distribution[label] ?? 0);
    const sure = verdict?.confidence === null || !verdict ? "" : `, confidence ${percent(verdict.confidence)}`;
    const told = label === null ? `${verdictName(verdict)}, ${silence(verdict)}` : `${label} ${percent(share)}${sure}`;
    return block(u, told, { label, share, text: verdictName(verdict), verdict, cites: citedBy(verdict) });
  });
}

export function citedBy(verdict: Verdict | null): string[] {
  return [...new Set(verdict?.claims.flatMap((claim) => claim.cites) ?? [])];
}

export function thought(index: Index, utterances: readonly Utterance[], modality: Modality): Block[] {
  return utterances.flatMap((u) => {
    const opinion = index.opinions.get(u.id)?.find((o) => o.modality === modality);
    return opinion ? [opinionBlock(u, opinion)] : [];
  });
}

function opinionBlock(utterance: Utterance, opinion: Opinion): Block {
  const best = opinion.abstained ? null : strongest(opinion.distribution);
  const source = capital(SOURCES[opinion.modality]);
  const told = best
    ? `${source}: ${best[0]} ${percent(best[1])}`
    : `${source}: abstained, ${opinion.reason ?? "no reason given"}`;
  return block(utterance, told, {
    label: best?.[0] ?? null,
    share: best?.[1] ?? 0,
    text: best?.[0] ?? "",
    cites: opinion.cites,
  });
}

export function disputed(index: Index, utterances: readonly Utterance[]): Block[] {
  return utterances.flatMap((u) =>
    (index.conflicts.get(u.id) ?? []).slice(0, 1).map((conflict) => {
      const sides = conflict.hypotheses.map((h) => `${SOURCES[h.modality]}: ${h.label}`).join(", ");
      const others = index.conflicts.get(u.id)!.length - 1;
      const told = `${conflictTitle(conflict)}: ${sides}${others ? `, and ${others} more` : ""}`;
      return block(u, told, { text: sides, cites: conflict.hypotheses.flatMap((h) => h.cites) });
    }),
  );
}

/** The findings of one source about one person in the order of time, and a row for each so that they do not overlap. */
export function stacked(
  evidence: readonly Evidence[],
  most: number,
): { order: Evidence[]; row: number[]; rows: number } {
  const order = [...evidence].sort((a, b) => a.span.start - b.span.start || b.span.end - a.span.end);
  const row = rows(
    order.map((e) => e.span),
    most,
  );
  return { order, row, rows: row.reduce((top, r) => Math.max(top, r + 1), 1) };
}

export function finding(e: Evidence, row: number): Block {
  return {
    id: e.id,
    utterance: e.utterance,
    start: e.span.start,
    end: e.span.end,
    evidence: e.id,
    cites: [e.id],
    row,
    text: e.finding,
    told: `${clock(e.span.start)}: ${e.finding}`,
    label: undefined,
    share: e.reliability,
    verdict: null,
  };
}
