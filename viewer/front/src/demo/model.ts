// What the demo is sent. `AffectTurn` is docs/schema/affect-turn.json; the messages are docs/integrations/live.md.
import type { Conflict, Distribution, Evidence, Modality, Verdict } from "../model";

export type Sense = "text" | "voice" | "face";
export const SENSES: readonly Sense[] = ["text", "voice", "face"];

export interface Vote {
  modality: Modality; label: string | null; distribution: Distribution; quality: number | null; abstained: boolean;
  reason: string | null;
}
export interface Trend { turns: number; valence: number | null; arousal: number | null; before: string; changed: boolean }
export interface Latency { total: number; deadline: number; stages: Record<string, number>; late: Sense[] }
export interface Revision { turn: number; arrived: Sense[]; before: string | null; label: string | null }
export interface AffectTurn {
  session: string; turn: number; turn_id: string; person: string; label: string | null; distribution: Distribution;
  confidence: number | null; valence: number | null; arousal: number | null; open_labels: string[]; abstained: boolean;
  reason: string | null; votes: Vote[]; conflict: Conflict | null; trend: Trend | null; evidence: string[];
  explanation: string; models: string[]; label_set: string; latency: Latency; late: Revision[];
}
/** What is stored of a turn; more stands in it than is named here. */
export interface TurnRecord { utterance: { id: string; text: string; source: string }; evidence: Evidence[]; verdict: Verdict; affect: AffectTurn }

/** What the server wrote into the page. `local`: the page comes from this computer. `keep_days`: how long a
 *  conversation is kept after its last use, if it is not deleted. */
export interface Place { local: boolean; key: boolean; keep_days: number; context: string | null }

export interface Ready { type: "ready"; session: string; turns: number; consent: Record<Sense, boolean> }
export interface State { type: "state"; speaking: boolean; seconds: number; frames: number; dropped: number }
/** `revision`: what came late, and the label without it. */
export interface Turn { type: "turn"; affect: AffectTurn; text: string; source: string; revision?: Pick<Revision, "arrived" | "before"> }
export interface Problem { type: "error"; code: string; message: string; hint: string; where: string; fatal: boolean }
export type Told = Ready | State | Turn | Problem | { type: "cancelled" };

export type Consent = Record<Sense, boolean>;
