// The tables that are read less often: each label's probability and what became of a verdict; the words and their times.
import { found } from "../../state";
import { figure, id, label, long, row, share, text, time } from "./columns";
import { nameOf } from "./pieces";
import type { Payload, Verdict } from "../../model";
import type { Cell, Table } from "./rows";
import { plain, verdictName } from "../../wording";

export function verdicts({ trace, labels }: Payload): Table {
  return {
    columns: [
      time("Start"),
      text("Speaker"),
      label("Label"),
      ...labels.map(share),
      text("In other words"),
      text("Changed from"),
      text("Caused by"),
      text("Audit"),
      text("Second model"),
      long("Reason"),
      text("Reasoner"),
      id("Id"),
    ],
    rows: trace.verdicts.map((v) => row(judged(v, labels), { utterance: v.utterance })),
  };
}

function judged(v: Verdict, labels: string[]): Cell[] {
  const known = found.value;
  return [
    known.utterances.get(v.utterance)?.span.start ?? null,
    nameOf(v.person),
    verdictName(v),
    ...labels.map((l) => v.distribution[l] ?? null),
    v.open_labels.join(", "),
    v.shift ? `${v.shift.before} (${v.shift.utterance})` : "",
    v.causes.join(", "),
    plain(known.audits.get(v.utterance)?.finding ?? "not tested"),
    v.verified === null ? "not asked" : v.verified ? "agrees" : "disagrees",
    v.reason ?? "",
    `${v.reasoner}, ${v.mode}`,
    v.utterance,
  ];
}

export function words({ trace }: Payload): Table {
  return {
    columns: [
      time("Start"),
      figure("Length", "s"),
      text("Speaker"),
      text("Word"),
      share("Probability"),
      text("Time is"),
      id("Utterance"),
    ],
    rows: trace.utterances.flatMap((u) =>
      u.words.map((w) =>
        row(
          [
            w.span.start,
            Math.round((w.span.end - w.span.start) * 1000) / 1000,
            nameOf(u.person),
            w.text,
            w.probability,
            plain(w.time_source),
            u.id,
          ],
          { utterance: u.id, at: w.span.start },
        ),
      ),
    ),
  };
}
