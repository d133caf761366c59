// What the page is given. `Trace` is trace.json as docs/schema/trace.json describes it; the rest is made by
// viewer/payload.py. Times are seconds from the start of the clip. A missing thing is null, never zero.

export interface Span { start: number; end: number }
export interface Person { id: string; name: string | null; tracks: string[]; voice: string | null }
export interface Word { text: string; span: Span; probability: number | null; time_source: string }
export interface Utterance {
  id: string; person: string | null; span: Span; text: string; words: Word[]; source: string;
}
export interface Measure { value: number; unit: string }
export interface Producer { name: string; version: string; revision: string }
export type Modality = "text" | "face" | "voice" | "behavior" | "dialogue";
export interface Evidence {
  id: string; utterance: string; person: string | null; modality: Modality; kind: string; span: Span; finding: string;
  measures: Record<string, Measure>; reliability: number; saw_text: boolean; producer: Producer; media_ref: string | null;
}
export type Distribution = Record<string, number>;
export interface Opinion {
  utterance: string; modality: Modality; distribution: Distribution; valence: number | null; arousal: number | null;
  open_labels: string[]; abstained: boolean; reason: string | null; cites: string[];
}
export interface Hypothesis { modality: Modality; label: string; probability: number; cites: string[] }
export interface Conflict {
  id: string; utterance: string; kind: string; type: "valence" | "neutral" | "category"; divergence: number;
  valence_clash: boolean; hypotheses: Hypothesis[]; policy: string;
}
export interface Claim {
  text: string; cites: string[]; stance: "supports" | "against" | "context"; modality: Modality | null;
}
export interface Shift { utterance: string; before: string; after: string }
export interface Verdict {
  utterance: string; person: string | null; label: string | null; distribution: Distribution; alternatives: string[];
  open_labels: string[]; valence: number | null; arousal: number | null; confidence: number | null;
  abstained: boolean; invalid: boolean; reason: string | null; causes: string[]; shift: Shift | null; claims: Claim[];
  conflict: string | null; verified: boolean | null; reasoner: string; mode: "causal" | "offline";
}
export interface ClaimAudit {
  claim: number; divergence: number; flipped: boolean; change: number | null; supported: boolean | null;
  reason: string | null; unknown: string[]; words: string | null; alone: string | null; earlier: string[];
}
export interface Audit {
  utterance: string; cited_divergence: number; cited_flipped: boolean; cited_removed: number | null;
  uncited_removed: number | null; uncited_divergence: number | null; uncited_flipped: number | null;
  claims: ClaimAudit[]; finding: "carried" | "decoration" | "not-tested";
}
export interface Contribution {
  utterance: string; modality: Modality; label: string | null; divergence: number | null; flipped: boolean;
}
export interface Part { text: string | null; image: string | null }
export interface Shown { role: "system" | "user" | "assistant"; parts: Part[] }
export interface Call {
  id: string; utterance: string | null; purpose: string; model: string; backend: string;
  prompts: Record<string, string>; messages: Shown[]; constrained: boolean; seed: number; answer: string;
  finish: string; tokens_in: number | null; tokens_out: number | null;
}
export interface Fault { source: string; code: string; message: string; hint: string }
export interface Model { name: string; sha256: string; licence: string; source: string }
export interface Clip {
  id: string; name: string; sha256: string; bytes: number; format: string; start: number; duration: number;
  video: { width: number; height: number; fps: number; codec: string } | null;
  audio: { rate: number; channels: number; codec: string } | null; subtitles: number;
}
export interface Provenance {
  emoagent: string; python: string; packages: Record<string, string>; profile: string; profile_reason: string;
  settings: Record<string, string>; agents: Producer[]; models: Model[];
}
export interface Trace {
  schema_version: string; label_set: string; clip: Clip; people: Person[]; utterances: Utterance[];
  evidence: Evidence[]; opinions: Opinion[]; conflicts: Conflict[]; verdicts: Verdict[]; audits: Audit[];
  faults: Fault[]; provenance: Provenance; baseline: Verdict[]; contributions: Contribution[]; calls: Call[];
}

/** A curve of one person. Sample i lies at `start + i * step`; `values`: base64 of little-endian uint16, 0 is a gap,
 *  v stands for `low + (v - 1) / 65534 * (high - low)`. */
export interface Series {
  id: string; person: string | null; kind: "face_quality" | "action_unit" | "pitch" | "loudness"; name: string;
  title: string; unit: string; low: number; high: number; start: number; step: number; values: string;
}
/** The frame of an utterance's peak. `box`: x, y, width, height; `points`: base64 of little-endian uint16 pairs x, y;
 *  both as fractions of the picture (65535 is 1). `parts`: the contours, each a list of indices into the points. */
export interface Peak {
  utterance: string; person: string | null; time: number; picture: string | null;
  box: [number, number, number, number] | null; points: string | null;
}
/** One correction by a person, as a line of corrections.jsonl (format: docs/design/corrections.md). `clip`: Clip.id.
 *  A label is one of the set, a person an id of the trace or `new:NAME`; null: none. Equal `before` and `after` confirm. */
export interface Correction {
  format: "emoagent.corrections/1"; clip: string; utterance: string; field: "label" | "person";
  before: string | null; after: string | null; by: string | null; note: string | null;
}
/** Corrections that were imported, newest last, and how far people and machine agree. */
export interface Layer { name: string; corrections: Correction[]; agreement: Agreement }
export interface Agreement { n: number; same: number; kappa: number | null; rows: [string, string, number][] }
/** Another judgement of the same clip: of another run, or of the embedded reasoner beside a language model. */
export interface Other { name: string; verdicts: (Verdict | null)[]; match: (string | null)[] }

export interface Payload {
  format: 1;
  trace: Trace;
  labels: string[]; // the label set, in its order
  video: string | null; // address, seen from the page
  series: Series[];
  peaks: Peak[];
  contours: number[][]; // for Peak.points
  timings: Record<string, number>; // stage to seconds
  layers: Layer[];
  others: Other[]; // `verdicts[i]` and `match[i]` (the other's utterance id) belong to trace.utterances[i]
  live: boolean; // served by `emoagent inspect`
}
/** While a run goes on, `inspect` serves this instead of a payload. */
export interface Progress {
  clip: string; duration: number | null; stages: { name: string; at: number | null; took: number | null }[];
  done: boolean; failed: string | null;
}
