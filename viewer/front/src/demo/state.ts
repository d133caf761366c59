// What the demo remembers while the page is open. Components read signals; only the functions here and in session.ts write.
import { computed, signal } from "@preact/signals";
import type { Consent, Place, Sense, Turn, TurnRecord } from "./model";

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

/** Puts a turn at its place, and right what it says of earlier ones. */
export function add(turn: Turn): void {
  const revised = new Map(turn.affect.late.map((each) => [each.turn, each]));
  const put = turns.value
    .filter(({ affect }) => affect.turn !== turn.affect.turn)
    .map((each) => {
      const again = revised.get(each.affect.turn);
      return again ? { ...each, affect: revise(each.affect, again), revision: again } : each;
    });
  turns.value = [...put, turn].sort((a, b) => a.affect.turn - b.affect.turn);
  if (revised.size) records.value = new Map([...records.value].filter(([number]) => !revised.has(number)));
}

function revise(old: Turn["affect"], again: Turn["affect"]["late"][number]): Turn["affect"] {
  const distribution = again.label === old.label ? old.distribution : {};
  return {
    ...old, label: again.label, confidence: again.confidence, abstained: again.label === null, distribution,
    votes: again.votes.length ? again.votes : old.votes,
  };
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
