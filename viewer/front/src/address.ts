// Deep links: #t=12.3&e=ID (evidence) or &u=ID (utterance).
import { point, select } from "./state";
import { seek } from "./player";

export interface Place { time: number | null; evidence: string | null; utterance: string | null }

export function read(hash: string): Place {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const time = Number.parseFloat(found.get("t") ?? "");
  return { time: Number.isFinite(time) ? time : null, evidence: found.get("e"), utterance: found.get("u") };
}

export function write({ time, evidence, utterance }: Place): string {
  const parts = new URLSearchParams();
  if (time !== null) parts.set("t", String(Math.round(time * 100) / 100));
  if (evidence !== null) parts.set("e", evidence);
  else if (utterance !== null) parts.set("u", utterance);
  return `#${parts}`;
}

function go(): void {
  const { time, evidence, utterance } = read(location.hash);
  if (evidence !== null) point(evidence);
  else if (utterance !== null) select(utterance);
  if (time !== null) seek(time);
}

/** Goes where the address says, now and whenever it changes. */
export function follow(): void {
  addEventListener("hashchange", go);
  if (location.hash) go();
}
