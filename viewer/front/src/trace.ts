// The trace, looked up by what it is asked for.
import type {
  Audit,
  Call,
  Conflict,
  Evidence,
  Opinion,
  Payload,
  Peak,
  Person,
  Series,
  Utterance,
  Verdict,
} from "./model";

export interface Index {
  duration: number;
  people: (Person | null)[]; // those who speak or are seen, in the trace's order; null: nobody known
  utterances: Map<string, Utterance>;
  evidence: Map<string, Evidence>;
  of: Map<string, Evidence[]>; // by utterance
  opinions: Map<string, Opinion[]>;
  conflicts: Map<string, Conflict[]>;
  verdicts: Map<string, Verdict>;
  audits: Map<string, Audit>;
  calls: Map<string | null, Call[]>;
  peaks: Map<string, Peak[]>;
  series: Map<string | null, Series[]>; // by person
}

export function index({ trace, peaks, series }: Payload): Index {
  const speakers = new Set(trace.utterances.map((u) => u.person));
  const people = trace.people.filter((p) => speakers.has(p.id) || trace.evidence.some((e) => e.person === p.id));
  return {
    duration: trace.utterances.reduce((most, u) => Math.max(most, u.span.end), Math.max(trace.clip.duration, 0.1)),
    people: speakers.has(null) || !people.length ? [...people, null] : people,
    utterances: by(trace.utterances, (u) => u.id),
    evidence: by(trace.evidence, (e) => e.id),
    of: groups(trace.evidence, (e) => e.utterance),
    opinions: groups(trace.opinions, (o) => o.utterance),
    conflicts: groups(trace.conflicts, (c) => c.utterance),
    verdicts: by(trace.verdicts, (v) => v.utterance),
    audits: by(trace.audits, (a) => a.utterance),
    calls: groups(trace.calls, (c) => c.utterance),
    peaks: groups(peaks, (p) => p.utterance),
    series: groups(series, (s) => s.person),
  };
}

export function by<K, V>(items: readonly V[], key: (item: V) => K): Map<K, V> {
  return new Map(items.map((item) => [key(item), item]));
}

export function groups<K, V>(items: readonly V[], key: (item: V) => K): Map<K, V[]> {
  const found = new Map<K, V[]>();
  for (const item of items) {
    const list = found.get(key(item));
    if (list) list.push(item);
    else found.set(key(item), [item]);
  }
  return found;
}
