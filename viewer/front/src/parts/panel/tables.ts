// Everything as tables: what the columns are, and what stands in the rows.
import { claimAudit } from "../../audited";
import { values } from "../../curves";
import { found } from "../../state";
import { figure, id, label, long, row, share, start, text, time } from "./columns";
import { nameOf } from "./pieces";
import { summary } from "./rows";
import { verdicts, words } from "./tables-more";
import type { Payload } from "../../model";
import type { Table } from "./rows";
import { capital, measured, plain, SOURCES, verdictName } from "../../wording";

export const TABLES = {
  utterances: "Utterances",
  verdicts: "Verdicts",
  words: "Words",
  evidence: "Evidence",
  opinions: "Opinions",
  claims: "Claims",
  conflicts: "Conflicts",
  series: "Curves",
} as const;
export type TableName = keyof typeof TABLES;

const MAKERS: Record<TableName, (payload: Payload) => Table> = {
  utterances: ({ trace }) => ({
    columns: [
      time("Start"),
      figure("Length", "s"),
      text("Speaker"),
      long("Words"),
      label("Label"),
      share("Confidence"),
      figure("Valence"),
      figure("Arousal"),
      text("Sources"),
      id("Id"),
    ],
    rows: trace.utterances.map((u) => {
      const v = found.value.verdicts.get(u.id);
      const disagree = found.value.conflicts.has(u.id) ? "disagree" : "";
      return row(
        [
          u.span.start,
          round(u.span.end - u.span.start),
          nameOf(u.person),
          u.text.trim(),
          verdictName(v),
          v?.confidence ?? null,
          v?.valence ?? null,
          v?.arousal ?? null,
          disagree,
          u.id,
        ],
        { utterance: u.id },
      );
    }),
  }),
  verdicts,
  words,
  evidence: ({ trace }) => ({
    columns: [
      time("Start"),
      time("End"),
      text("Source"),
      text("Kind"),
      text("Person"),
      long("Finding"),
      long("Measures"),
      share("Reliability"),
      text("Saw the words"),
      text("Producer"),
      id("Id"),
    ],
    rows: trace.evidence.map((e) =>
      row(
        [
          e.span.start,
          e.span.end,
          capital(SOURCES[e.modality]),
          plain(e.kind),
          nameOf(e.person),
          e.finding,
          Object.entries(e.measures)
            .map(([name, m]) => `${plain(name)} ${measured(m).join(" ")}`)
            .join("; "),
          e.reliability,
          e.saw_text ? "yes" : "no",
          `${e.producer.name} ${e.producer.version}`,
          e.id,
        ],
        { utterance: e.utterance, evidence: e.id, at: e.span.start },
      ),
    ),
  }),
  opinions: ({ trace, labels }) => ({
    columns: [
      time("Start"),
      text("Source"),
      label("Likeliest"),
      ...labels.map(share),
      figure("Valence"),
      figure("Arousal"),
      long("Reason"),
      id("Utterance"),
    ],
    rows: trace.opinions.map((o) => {
      const best = Object.entries(o.distribution).sort((a, b) => b[1] - a[1])[0]?.[0] ?? "abstained";
      return row(
        [
          start(o.utterance),
          capital(SOURCES[o.modality]),
          best,
          ...labels.map((l) => o.distribution[l] ?? null),
          o.valence,
          o.arousal,
          o.reason,
          o.utterance,
        ],
        { utterance: o.utterance },
      );
    }),
  }),
  claims: ({ trace }) => ({
    columns: [time("Start"), label("Verdict"), text("Stance"), long("Claim"), text("Cites"), text("Audit"), id("Utterance")],
    rows: trace.verdicts.flatMap((v) =>
      v.claims.map((c, i) => {
        const mark = found.value.audits.get(v.utterance)?.claims.find((m) => m.claim === i);
        return row(
          [
            start(v.utterance),
            verdictName(v),
            c.stance,
            c.text,
            c.cites.join(", "),
            mark ? claimAudit(mark) : "not tested",
            v.utterance,
          ],
          { utterance: v.utterance },
        );
      }),
    ),
  }),
  conflicts: ({ trace }) => ({
    columns: [
      time("Start"),
      text("Between"),
      text("Kind"),
      label("One reading"),
      share("Its probability"),
      label("Other reading"),
      share("Its probability"),
      figure("Distance", "bits"),
      text("Policy"),
      id("Id"),
    ],
    rows: trace.conflicts.map((c) => {
      const [a, b] = c.hypotheses;
      return row(
        [
          start(c.utterance),
          c.kind
            .split("-")
            .map((s) => SOURCES[s as keyof typeof SOURCES] ?? s)
            .join(" and "),
          c.type,
          a?.label ?? null,
          a?.probability ?? null,
          b?.label ?? null,
          b?.probability ?? null,
          c.divergence,
          plain(c.policy),
          c.id,
        ],
        { utterance: c.utterance },
      );
    }),
  }),
  series: ({ series }) => ({
    columns: [
      text("Person"),
      text("Curve"),
      text("Unit"),
      figure("Samples"),
      share("Known"),
      figure("Least"),
      figure("Mean"),
      figure("Most"),
      time("Where most"),
    ],
    rows: series.map((s) => {
      const all = summary(values(s));
      const peak = all.at === null ? null : s.start + all.at * s.step;
      return {
        ...row([nameOf(s.person), s.title, s.unit, all.n, all.known, all.low, all.mean, all.high, peak], {
          utterance: null,
          at: peak,
        }),
        conflict: true,
      };
    }),
  }),
};

const made = new WeakMap<Payload, Map<TableName, Table>>();

/** A table of the payload; made once. */
export function table(name: TableName, payload: Payload): Table {
  const known = made.get(payload) ?? new Map<TableName, Table>();
  made.set(payload, known);
  const here = known.get(name) ?? MAKERS[name](payload);
  known.set(name, here);
  return here;
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
