// The words of the page: numbers, names and findings as a reader meets them.
import type { Call, Conflict, Contribution, Measure, Modality, Progress, Verdict } from "./model";

export const SOURCES: Record<Modality, string> = {
  text: "words",
  face: "face",
  voice: "voice",
  behavior: "behaviour",
  dialogue: "dialogue",
};
export const POLICIES: Record<string, string> = {
  "reliability-weighted": "The verdict weighs each source by its reliability; both readings are kept.",
  "report-both": "Both readings are reported and neither is preferred.",
  "face-first": "The verdict gives the face precedence; both readings are kept.",
  "voice-first": "The verdict gives the voice precedence; both readings are kept.",
};
export const PURPOSES: Record<string, string> = {
  caption: "Describe the behaviour",
  judge: "Judge",
  repair: "Mend the answer",
  ablate: "Judge without one source",
  verify: "Second model",
};
export const DISPUTES: Record<Conflict["type"], string> = {
  valence: "one pleasant, one unpleasant",
  neutral: "only one expresses anything",
  category: "different labels",
};
export const ROLES = { system: "Instructions", user: "Question", assistant: "Earlier answer" } as const;
export const CALIBRATED =
  "The confidence is calibrated: of a hundred utterances that are given 70 %, people agreed with the label on about " +
  "seventy, on labelled recordings that the model had not seen. Other recordings can be harder.";
export const UNCALIBRATED = "The bars show what the reasoner itself gives to each label, before that calibration.";
export const CAVEAT =
  "Labels name the expressed emotion, as a viewer would label it. They are estimates with stated reasons, not " +
  "measurements of an inner state, and must not be the only ground for a decision about a person.";
export const LAW =
  "In the European Union, inferring emotions of people from their face or voice is prohibited at the workplace and in " +
  "education (AI Act, Article 5(1)(f); medical and safety reasons excepted), and elsewhere it is a high-risk use of which " +
  "people must be told (Article 50(3)).";
/** Where the words of an utterance come from. */
export const TRANSCRIPTS: Record<string, string> = {
  subtitles: "words from subtitles",
  pocketsphinx: "words recognised by PocketSphinx, roughly",
  whisperx: "words recognised by WhisperX",
  windows: "a stretch of fixed length",
};
export const NO_REASON = "no reason given";
export const NOBODY = "Speaker unknown";

const ADJECTIVES = new Set(["neutral", "joyful", "peaceful", "powerful", "scared", "mad", "sad"]);
const QUIET = /[\u200e\u200f\u061c]/g; // marks of direction: harmless where text is isolated, useless to see
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffb]/g;
const BREAKS = new Set([0x0b, 0x0c, 0x0d, 0x2028, 0x2029]);

/** `text` with control characters and overrides of the writing direction spelt out, e.g. `␛` or `⟦U+202E⟧`. */
export function visible(text: string): string {
  return text.replace(QUIET, "").replace(UNSEEN, (sign) => {
    const code = sign.charCodeAt(0);
    if (BREAKS.has(code)) return " ";
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : `⟦U+${code.toString(16).toUpperCase().padStart(4, "0")}⟧`;
  });
}

/** `65.25` as `1:05.2`, one hour as `1:00:00.0`. */
export function clock(seconds: number): string {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const minutes = Math.floor(tenths / 600);
  const rest = tenths % 600;
  const tail = `${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
  if (minutes < 60) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${tail}`;
}

/** `8.84` as `8.8 s`, `128` as `2 min 8 s`. */
export function spell(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** `0.616` as `62 %`; a share that is not nothing is never shown as nothing, nor one that is not all as all. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share < 1 && share >= 0.995) return ">99 %";
  return `${Math.round(share * 100)} %`;
}

/** `-0.24` as `−0.24`, with a real minus sign. */
export function signed(value: number): string {
  const shown = Math.abs(value).toFixed(2);
  if (shown === "0.00") return shown;
  return `${value < 0 ? "−" : "+"}${shown}`;
}

/** Three digits that count: `154.26` as `154`, `-3.3015` as `−3.3`, `0.0345` as `0.0345`. */
export function number(value: number, digits = 3): string {
  const shown = Math.abs(value) >= 1000 ? thousands(Math.round(value)) : String(Number(value.toPrecision(digits)));
  return shown.replace("-", "−");
}

/** A measured value and its unit as they are read: `94.4 %`, `4.6 of 5`, `136 Hz`. */
export function measured({ value, unit }: Measure): [string, string] {
  if (unit === "s")
    return value < 60 ? [number(Math.round(value * 100) / 100, 4), "s"] : [clock(value), value < 3600 ? "min:s" : "h:min:s"];
  if (unit === "ratio") return [number(value * 100), "%"];
  if (unit === "percent") return [number(value), "%"];
  if (unit === "count") return [number(value), ""];
  const scale = /^(?:intensity )?0-(\d+)$/.exec(unit);
  return [number(value), scale ? `of ${scale[1]}` : plain(unit)];
}

/** `22050` as `22,050`. */
export function thousands(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 conflict`, `2 conflicts`, `1,200 tokens`. */
export function count(amount: number, noun: string): string {
  return `${thousands(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function uncapital(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `action_unit_again` as `action unit again`. */
export function plain(name: string): string {
  return name.replace(/_/g, " ");
}

export function shorten(text: string, length = 60): string {
  const signs = [...text];
  return signs.length <= length ? text : `${signs.slice(0, length).join("").trimEnd()}…`;
}

/** The words around a label in the sentence of a verdict: never what somebody feels. */
export function expressed(label: string): { before: string; after: string } {
  return ADJECTIVES.has(label) ? { before: "shows a", after: " expression" } : { before: "expresses", after: "" };
}

/** The label, or a word for its absence. */
export function verdictName(verdict: Verdict | undefined | null): string {
  if (!verdict) return "no verdict";
  return verdict.label ?? (verdict.invalid ? "invalid" : "abstained");
}

/** Why there is no label. */
export function silence(verdict: Verdict | undefined | null): string {
  return verdict ? (verdict.reason ?? NO_REASON) : "this utterance was not judged";
}

/** `Words and face disagree`. */
export function conflictTitle({ kind }: Conflict): string {
  const names = kind.split("-").map((part) => SOURCES[part as Modality] ?? part);
  return capital(`${names.join(" and ")} disagree`);
}

/** How far two readings lie apart: a Jensen-Shannon divergence of 0 to 1 bit. */
export function distance(bits: number): string {
  const step = [0.1, 0.3, 0.5, 0.7].findIndex((most) => bits < most);
  return ["next to the same", "close", "some way apart", "far apart", "almost opposite"][step < 0 ? 4 : step]!;
}

/** What a distance of so many bits means for the verdict. */
export function moved(bits: number): string {
  return `${bits.toFixed(2)} of 1 bit`;
}

/** How much weight a piece of evidence can bear, 0 to 1. */
export function reliability(value: number): string {
  return value >= 0.7 ? "high" : value >= 0.4 ? "middling" : "low";
}

/** What the verdict would be without one source. */
export function withoutSource(each: Contribution): string {
  const label = each.label ?? "no label";
  const far = each.divergence === null || each.divergence < 0.005 ? "" : `, ${each.divergence.toFixed(2)} bits away`;
  return each.flipped ? `without it: ${label}${far}` : `without it still ${label}${far}`;
}

/** What a model was asked for: `Judge without the voice`. */
export function purpose(call: Call): string {
  const source = SOURCES[call.id.split(".").pop() as Modality];
  if (call.purpose === "ablate" && source) return `Judge without the ${source}`;
  return PURPOSES[call.purpose] ?? call.purpose;
}

/** `1,204 tokens in, 88 tokens out`. */
export function tokens(call: Call): string {
  const told = [
    [call.tokens_in, "in"],
    [call.tokens_out, "out"],
  ] as const;
  return told
    .filter(([n]) => n !== null)
    .map(([n, way]) => `${count(n!, "token")} ${way}`)
    .join(", ");
}

/** A short name for a piece of evidence, seen from an utterance: `u2.face.1` as `face 1`, elsewhere `u2 · face 1`. */
export function evidenceName(id: string, utterance: string | null): string {
  const [home, ...rest] = id.split(".");
  if (!rest.length) return id;
  const name = rest.join(" ");
  return home === utterance ? name : `${home} · ${name}`;
}

/** `2.4 × real time`: seconds of the clip for each second of computing, as the command line says it. */
export function pace(took: number, duration: number): string {
  const times = duration / took;
  return `${times < 10 ? times.toFixed(1) : Math.round(times)} × real time`;
}

const STAGES: ReadonlyMap<string, string> = new Map([
  ["probe", "reading the file"],
  ["hear", "words"],
  ["watch", "faces and hands"],
  ["bind", "who is who"],
  ["overlap", "voices at once"],
  ["transcript", "quotations"],
  ["speaker", "who speaks"],
  ["listener", "listeners"],
  ["behavior", "body language"],
  ["captions", "descriptions"],
  ["nonverbal", "pauses and breath"],
  ["opine", "opinions"],
  ["judge", "verdicts"],
  ["audit", "audit"],
]);

/** What a stage of a run does; an agent that is not known here goes by its own name. */
export const doing = (stage: string): string => STAGES.get(stage) ?? plain(stage);

/** How far a stage is: the share, a word for it, and how long it took or what of the clip it has been through. */
export function reached(
  { at, took }: Progress["stages"][number],
  duration: number | null,
  failed = false,
): [number, string, string] {
  if (took !== null) return [1, "done", `${took.toFixed(1)} s${duration && took >= 1 ? `, ${pace(took, duration)}` : ""}`];
  if (at === null) return [0, "waiting", ""];
  const word = failed ? "stopped" : "going on";
  if (!duration) return [0, word, ""];
  const share = Math.min(1, at / duration);
  return at > 0 ? [share, percent(share), `${spell(at)} of ${spell(duration)}`] : [0, word, ""];
}
