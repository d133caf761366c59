// What the demo remembers while the page is open. Components read signals; only the functions here and in session.ts write.
import { computed, signal } from "@preact/signals";
import type { AffectTurn, Consent, Place, Sense, Turn, TurnRecord } from "./model";

export type Stage = "asking" | "joining" | "open" | "lost" | "ended";

export const place = signal<Place>(given());
export const stage = signal<Stage>("asking");
export const consent = signal<Consent>({ text: false, voice: false, face: false });
export const agreed = signal<Consent>({ text: false, voice: false, face: false }); // not yet acted on
export const key = signal("");
export const session = signal<string | null>(null);
export const earlier = signal<string | null>(null); // a session that an earlier load of this page left on the server
export const turns = signal<readonly Turn[]>([]);
export const chosen = signal<number | null>(null); // a turn's number; null: the latest
export const records = signal<ReadonlyMap<number, TurnRecord>>(new Map());

export const loudness = signal(-100); // dB below full scale
export const speaking = signal(false);
export const judging = signal(false);
export const dropped = signal(0); // pictures that came too fast
export const muted = signal(false);
export const camera = signal<MediaStream | null>(null);
export const microphone = signal(false);
export const notice = signal<{ message: string; hint: string } | null>(null);
export const gone = signal(false); // the session was deleted on the server

export const shown = computed<Turn | null>(() => {
  const all = turns.value;
  return all.find(({ affect }) => affect.turn === chosen.value) ?? all[all.length - 1] ?? null;
});
export const asked = computed<Sense[]>(() => (Object.keys(consent.value) as Sense[]).filter((s) => consent.value[s]));

function given(): Place {
  const found = typeof document === "undefined" ? null : document.getElementById("place")?.textContent;
  return { local: true, key: false, keep_days: 1, context: null, ...(found ? (JSON.parse(found) as Partial<Place>) : {}) };
}

/** Puts a turn at its place. */
export function add(turn: Turn): void {
  const others = turns.value.filter(({ affect }) => affect.turn !== turn.affect.turn);
  turns.value = [...others, turn].sort((a, b) => a.affect.turn - b.affect.turn);
}

/** What is stored of a turn by now: words and a verdict that may have come later than the turn was told. */
export function renew(record: TurnRecord): void {
  const { affect, utterance } = record;
  records.value = new Map([...records.value, [affect.turn, record]]);
  turns.value = turns.value.map((each) => {
    if (each.affect.turn !== affect.turn) return each;
    const arrived = late(each.affect).filter((sense) => !late(affect).includes(sense));
    const revision = arrived.length ? { arrived, before: each.affect.label } : each.revision;
    return { ...each, affect, text: utterance.text, source: utterance.source, ...(revision && { revision }) };
  });
}

/** The sources that were not ready in time. */
export function late({ votes }: AffectTurn): Sense[] {
  return votes.filter((vote) => vote.abstained && vote.reason === "late").map((vote) => vote.modality as Sense);
}

/** As if the page were new: what was agreed to has to be agreed to again. */
export function forget(): void {
  agreed.value = { text: false, voice: false, face: false };
  turns.value = [];
  records.value = new Map();
  chosen.value = null;
  session.value = null;
  speaking.value = judging.value = false;
}
