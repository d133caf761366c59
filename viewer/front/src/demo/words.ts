// The words of the demo: numbers and names as a reader meets them.
import { capital, percent, signed, SOURCES, uncapital } from "../wording";
import type { AffectTurn, Consent, Revision, Sense, Trend, Vote } from "./model";
import { SENSES } from "./model";

export const ASKED: Record<Sense, { title: string; opens: string; what: string }> = {
  text: {
    title: "Words",
    opens: "opens nothing",
    what: "What you type and, with the microphone on, what you say: recognised on the server, roughly.",
  },
  voice: {
    title: "Voice",
    opens: "opens the microphone",
    what: "How it sounds: pitch, loudness, pace, pauses. The sound itself is thrown away when the turn is judged.",
  },
  face: {
    title: "Face",
    opens: "opens the camera",
    what: "How the face moves. The pictures are thrown away as they are read; nobody is recognised by them.",
  },
};

/** `words, voice and face` */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]!}`;
}

/** What the button says that starts with these. */
export function startWith(agreed: Consent): string {
  const names = SENSES.filter((sense) => agreed[sense]).map((sense) => SOURCES[sense]);
  return names.length ? `Start with ${listed(names)}` : "Switch on at least one";
}

/** `1 day`, `30 days`, `6 hours` */
export function days(count: number): string {
  const [amount, unit] = count < 1 ? [Math.max(1, Math.round(count * 24)), "hour"] : [Math.round(count), "day"];
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
}

/** Why a source has no label, as a sentence's end. */
export function unheard(vote: Vote): string {
  return `no label: ${uncapital(vote.reason ?? "no reason given")}`;
}

/** How the turn stands against the ones before it. */
export function against(trend: Trend, label: string | null): string {
  const last = trend.turns === 1 ? "the last turn" : `the last ${trend.turns} turns`;
  const moves = [
    trend.valence !== null && `valence ${signed(trend.valence)}`,
    trend.arousal !== null && `arousal ${signed(trend.arousal)}`,
  ].filter((each): each is string => each !== false);
  const moved = moves.length ? `${capital(listed(moves))} against ${last}` : `Against ${last}`;
  return `${moved}; ${trend.changed && label ? `the label was ${trend.before} before` : `still ${trend.before}`}.`;
}

/** What came too late, and what it changed. */
export function revised({ arrived, before }: Pick<Revision, "arrived" | "before">, label: string | null): string {
  const names = arrived.map((sense) => SOURCES[sense]);
  const was = before === label ? "the label stayed" : `before, it ${before ? `was ${before}` : "had no label"}`;
  return `Judged again with ${listed(names)}, which came late; ${was}.`;
}

/** `142 ms after the end of the turn, of 300 ms: words 12, voice 90` */
export function took({ latency }: AffectTurn): string {
  const stages = Object.entries(latency.stages).map(([name, ms]) => `${SOURCES[name as Sense] ?? name} ${Math.round(ms)}`);
  const whole = `Judged ${Math.round(latency.total)} ms after the end of the turn; the deadline was ${Math.round(latency.deadline)} ms`;
  return stages.length ? `${whole}. Milliseconds: ${stages.join(", ")}.` : `${whole}.`;
}

/** A turn in one line, for whoever hears the page. */
export function announced({ turn, label, confidence, reason }: AffectTurn): string {
  const sure = confidence === null ? "" : `, ${percent(confidence)} sure`;
  return label ? `Turn ${turn}: ${label}${sure}` : `Turn ${turn}: abstained, ${uncapital(reason ?? "no reason given")}`;
}

/** dB below full scale as a share of the meter: -70 is nothing, -10 is all. */
export function meter(level: number): number {
  return Math.max(0, Math.min(1, (level + 70) / 60));
}

/** A message of the server as a sentence. */
export function sentence(text: string): string {
  return text && `${capital(text)}${/[.?!…]$/.test(text) ? "" : "."}`;
}
