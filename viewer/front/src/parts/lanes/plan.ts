// Which lanes there are: a group for each person, and in it what there is to show of them.
import { computed, signal } from "@preact/signals";
import { evidence as looked, found, listed, onlyConflicts, payload } from "../../state";
import { longest } from "../../windows";
import { groups } from "../../trace";
import { disputed, finding, judged, said, stacked, thought } from "./blocks";
import { SOURCES } from "../../wording";
import type { Block } from "./blocks";
import type { Evidence, Modality, Person, Series, Utterance } from "../../model";

export type Kind = "words" | "conflict" | "verdict" | "opinion" | "findings" | "quality" | "unit" | "voice";
export const KINDS: readonly [Kind, string][] = [
  ["words", "Words"],
  ["conflict", "Conflicts"],
  ["verdict", "Verdict"],
  ["opinion", "What each source says"],
  ["findings", "Findings"],
  ["quality", "Face quality"],
  ["unit", "Action units"],
  ["voice", "Pitch and loudness"],
];
export interface Lane {
  key: string;
  kind: Kind;
  title: string;
  about: string;
  height: number;
  modality: Modality | null;
  count: number;
  reach: number;
  series: Series | null;
  blocks: () => readonly Block[]; // made when they are first asked for
}
export interface Group {
  person: string | null;
  key: string;
  name: string;
  told: string;
  lanes: Lane[];
  units: Series[];
}

export const hidden = signal<ReadonlySet<Kind>>(new Set());
export const folded = signal<ReadonlySet<string>>(new Set()); // groups of which only words and verdicts are shown
export const picked = signal<ReadonlyMap<string, readonly string[]>>(new Map()); // group to series, where somebody chose

export const HEIGHT: Record<Kind, number> = {
  words: 30,
  conflict: 20,
  verdict: 48,
  opinion: 19,
  findings: 17,
  quality: 26,
  unit: 26,
  voice: 30,
};
const MOST_ROWS: Partial<Record<Modality, number>> = { face: 8, voice: 8, behavior: 4, dialogue: 2, text: 2 };
const STRONGEST = 3; // action units that are shown unasked

export function toggled<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}

const seen = computed(() => groups(payload.value!.trace.evidence, whose));
/** Action units of each person, those first of which most was found in the whole clip. */
const units = computed(
  () =>
    new Map(
      found.value.people.map((person) => {
        const id = person?.id ?? null;
        const series = (found.value.series.get(id) ?? []).filter((s) => s.kind === "action_unit");
        return [id, ranked(series, seen.value.get(id) ?? [])];
      }),
    ),
);

/** Everything that can be shown, in its order; the filter of conflicts is in it already. */
const everything = computed<Group[]>(() => {
  const index = found.value;
  const spoken = groups(listed.value, (u) => u.person);
  const kept = new Set(listed.value.map((u) => u.id));
  return index.people.map((person) => {
    const id = person?.id ?? null;
    return group(
      person,
      spoken.get(id) ?? [],
      (seen.value.get(id) ?? []).filter((e) => kept.has(e.utterance)),
    );
  });
});

/** Whom a finding is about: who was seen or heard, else who speaks. */
export function whose(item: Evidence): string | null {
  return item.person ?? found.value.utterances.get(item.utterance)?.person ?? null;
}

function group(person: Person | null, utterances: Utterance[], evidence: Evidence[]): Group {
  const index = found.value;
  const key = person?.id ?? "-";
  const series = index.series.get(person?.id ?? null) ?? [];
  const clashes = utterances.filter((u) => index.conflicts.has(u.id));
  const lanes = [
    strip(key, "words", "Words", utterances, () => said(index, utterances)),
    ...(clashes.length ? [strip(key, "conflict", "Conflicts", clashes, () => disputed(index, clashes))] : []),
    strip(key, "verdict", "Verdict", utterances, () => judged(index, utterances)),
    ...(["text", "face", "voice", "behavior"] as const).flatMap((m) => opinion(key, m, utterances)),
    ...series.map((s) => curve(key, s)),
    ...(["face", "voice", "behavior", "dialogue", "text"] as const).flatMap((m) => findingsLane(key, m, evidence)),
  ];
  const all = payload.value!.trace.utterances.filter((u) => u.person === (person?.id ?? null)).length;
  const some = onlyConflicts.value ? `${utterances.length} of ${all}` : `${all}`;
  const told = `${some} utterance${all === 1 ? "" : "s"}`;
  return {
    person: person?.id ?? null,
    key,
    name: person ? (person.name ?? person.id) : "Speaker unknown",
    told: clashes.length && !onlyConflicts.value ? `${told}, ${clashes.length} in conflict` : told,
    lanes,
    units: units.value.get(person?.id ?? null) ?? [],
  };
}

function lane(key: string, kind: Kind, title: string, more: Partial<Lane>): Lane {
  return {
    key: `${key}.${kind}.${title}`,
    kind,
    title,
    about: title,
    height: HEIGHT[kind],
    modality: null,
    count: 0,
    reach: 0,
    series: null,
    blocks: () => [],
    ...more,
  };
}

/** A lane in which each of `utterances` has a block or none. */
function strip(
  key: string,
  kind: Kind,
  title: string,
  utterances: readonly Utterance[],
  make: () => Block[],
  more: Partial<Lane> = {},
): Lane {
  return lane(key, kind, title, {
    blocks: once(make),
    count: utterances.length,
    reach: longest(utterances.map((u) => u.span)),
    ...more,
  });
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

function opinion(key: string, modality: Modality, utterances: Utterance[]): Lane[] {
  const index = found.value;
  const source = SOURCES[modality];
  const asked = utterances.filter((u) => index.opinions.get(u.id)?.some((o) => o.modality === modality));
  return asked.length
    ? [
        strip(key, "opinion", `from ${source}`, asked, () => thought(index, asked, modality), {
          modality,
          about: `What the ${source} alone suggest${modality === "text" ? "" : "s"}`,
        }),
      ]
    : [];
}

function findingsLane(key: string, modality: Modality, evidence: Evidence[]): Lane[] {
  const items = evidence.filter((e) => e.modality === modality && e.kind !== "quotation");
  if (!items.length) return [];
  const { order, row, rows } = stacked(items, MOST_ROWS[modality] ?? 4);
  return [
    lane(key, "findings", `${SOURCES[modality]} findings`, {
      modality,
      about: `Findings: ${SOURCES[modality]}`,
      height: rows * HEIGHT.findings + 6,
      count: items.length,
      reach: longest(items.map((e) => e.span)),
      blocks: once(() => order.map((e, i) => finding(e, row[i]!))),
    }),
  ];
}

function curve(key: string, series: Series): Lane {
  const kind = series.kind === "action_unit" ? "unit" : series.kind === "face_quality" ? "quality" : "voice";
  const title = kind === "unit" ? series.name : series.kind.replace("_", " ");
  return lane(key, kind, title, { series, about: `${series.title} (${series.unit})` });
}

function ranked(units: Series[], evidence: Evidence[]): Series[] {
  const weight = new Map<string, number>();
  for (const { measures, reliability } of evidence) {
    for (const [name, { value }] of Object.entries(measures))
      weight.set(name, (weight.get(name) ?? 0) + value * reliability);
  }
  return [...units].sort((a, b) => (weight.get(b.name) ?? 0) - (weight.get(a.name) ?? 0));
}

/** Names of the action units that a group shows: the chosen ones or the strongest, and the one that is looked at. */
export function shownUnits({ key, units }: Group): ReadonlySet<string> {
  const chosen = picked.value.get(key) ?? units.slice(0, STRONGEST).map((s) => s.name);
  const item = looked.value === null ? undefined : found.value.evidence.get(looked.value);
  return new Set([
    ...chosen,
    ...Object.keys(item?.measures ?? {}).filter((name) => units.some((s) => s.name === name)),
  ]);
}

/** The groups with the lanes that are shown. */
export const plan = computed<Group[]>(() =>
  everything.value.map((each) => {
    const units = shownUnits(each);
    const closed = folded.value.has(each.key);
    const lanes = each.lanes.filter(
      (l) =>
        (closed ? l.kind === "words" || l.kind === "verdict" : !hidden.value.has(l.kind)) &&
        (l.kind !== "unit" || units.has(l.title)),
    );
    return { ...each, lanes };
  }),
);
