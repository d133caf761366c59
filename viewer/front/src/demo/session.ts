// One conversation with the server: what is sent, and what is done with what comes back.
import { closeCamera, openCamera } from "./camera";
import { closeMicrophone, openMicrophone } from "./microphone";
import type { Consent, Problem, Told, TurnRecord } from "./model";
import {
  add, consent, dropped, earlier, forget, gone, judging, key, late, notice, place, records, renew, session, speaking, stage,
  turns,
} from "./state";
import { AUDIO, packed, PICTURE } from "./wire";
import { sentence } from "./words";

const KEPT = "emoagent.session"; // in sessionStorage: until the tab is closed
const CROWDED = 256 * 1024; // bytes that wait to be sent; then pictures are left out
const PAUSE = 0.8; // seconds of silence that end a turn
const PAUSES = [500, 1000, 1500, 2000, 3000, 5000, 10_000]; // milliseconds between two questions for what was late
const DEADLINE = 2; // seconds: a reader can wait for all sources; a chatbot would not

let socket: WebSocket | null = null;
let began = 0;

const clock = (): number => (performance.now() - began) / 1000;

/** Tells the server what was agreed to, then opens what that allows. */
export function join(agreed: Consent): void {
  consent.value = agreed;
  notice.value = null;
  gone.value = false;
  stage.value = "joining";
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => say({
    type: "hello", version: 1, key: key.value || null, session: session.value, consent: agreed,
    keep_days: place.value.keep_days, end_of_turn: agreed.voice ? "silence" : "manual", silence: PAUSE, deadline: DEADLINE,
  });
  socket.onmessage = ({ data }: MessageEvent<string>) => told(JSON.parse(data) as Told);
  socket.onclose = () => lost();
}

function send(message: string | ArrayBuffer): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(message);
}

function say(message: object): void {
  send(JSON.stringify(message));
}

function told(message: Told): void {
  if (message.type === "ready") void opened(message.session);
  else if (message.type === "state") {
    speaking.value = message.speaking;
    dropped.value = message.dropped;
  } else if (message.type === "turn") {
    judging.value = speaking.value = false;
    notice.value = null;
    add(message);
    for (const again of message.affect.late) void look(again.turn, true);
    if (late(message.affect).length) void follow(message.affect.turn);
  } else if (message.type === "error") refused(message);
  else judging.value = false;
}

function refused({ code, message, hint }: Problem): void {
  judging.value = false;
  notice.value = { message: sentence(message), hint: sentence(hint) };
  if (code === "unauthorized") place.value = { ...place.value, key: true };
  if (code === "not_found") session.value = null;
}

/** Asks again for a turn that something was late for, until that is there; the next turn would tell it as well. */
async function follow(turn: number): Promise<void> {
  for (const pause of PAUSES) {
    await new Promise((done) => setTimeout(done, pause));
    await look(turn, true);
    const each = turns.value.find(({ affect }) => affect.turn === turn);
    if (!each || !late(each.affect).length) return;
  }
}

async function opened(name: string): Promise<void> {
  began = performance.now();
  session.value = name;
  stage.value = "open";
  remember(name);
  const live = socket;
  if (consent.value.voice) await device("microphone", () => openMicrophone((body) => {
    if (socket === live) send(packed(AUDIO, clock(), body));
  }));
  if (consent.value.face) await device("camera", () => openCamera((body) => {
    if (socket === live && live && live.bufferedAmount < CROWDED) send(packed(PICTURE, clock(), body));
  }));
}

async function device(name: string, open: () => Promise<void>): Promise<void> {
  try {
    if (!navigator.mediaDevices) throw new Error("browsers allow it only over https, or on this computer itself");
    await open();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    notice.value = { message: `The ${name} could not be opened: ${why}.`, hint: "What you type still works." };
  }
}

function lost(): void {
  closeDevices();
  socket = null;
  speaking.value = judging.value = false;
  if (stage.value === "open" || stage.value === "joining") {
    stage.value = session.value ? "lost" : "asking";
    notice.value ??= { message: "The connection to the server is lost.", hint: "Is emoagent serve still running?" };
  }
}

/** Ends the turn that is going on. */
export function endTurn(): void {
  judging.value = true;
  say({ type: "end" });
}

/** A turn that was typed; what is being spoken goes on. */
export function typeTurn(text: string): void {
  judging.value = true;
  say({ type: "end", text, typed: true });
}

/** Starts again after the connection was lost, in the same conversation. */
export function again(): void {
  join(consent.value);
}

function closeDevices(): void {
  closeMicrophone();
  closeCamera();
}

function headers(): HeadersInit {
  return key.value ? { Authorization: `Bearer ${key.value}` } : {};
}

function address(name: string, more = ""): string {
  return `/v1/sessions/${encodeURIComponent(name)}${more}`;
}

/** What is stored of a turn, asked for once, or `anew`. */
export async function look(turn: number, anew = false): Promise<void> {
  if (!session.value || (!anew && records.value.has(turn))) return;
  const answer = await fetch(address(session.value, `/turns/${turn}`), { headers: headers() }).catch(() => null);
  if (answer?.ok) renew((await answer.json()) as TurnRecord);
  else if (answer && !anew) await problem(answer);
}

/** Ends the conversation and has the server delete it; says so only when it is done. */
export async function remove(name = session.value): Promise<void> {
  if (!name) return;
  stage.value = "ended";
  closeDevices();
  socket?.close(1000);
  const answer = await fetch(address(name), { method: "DELETE", headers: headers() }).catch(() => null);
  if (!answer) notice.value = { message: "The server does not answer.", hint: "The conversation is still there; try again." };
  else if (!answer.ok && answer.status !== 404) await problem(answer);
  else {
    gone.value = true;
    notice.value = null;
    earlier.value = null;
    forget();
    remember(null);
  }
}

async function problem(answer: Response): Promise<void> {
  const said = (await answer.json().catch(() => ({}))) as { message?: string; hint?: string };
  notice.value = { message: sentence(said.message ?? `the server answered ${answer.status}`), hint: sentence(said.hint ?? "") };
}

function remember(name: string | null): void {
  try {
    if (name) sessionStorage.setItem(KEPT, name);
    else sessionStorage.removeItem(KEPT);
  } catch {
    return; // storage is refused
  }
}

/** A conversation of an earlier load of this page, which can still be deleted. */
export function recall(): void {
  try {
    earlier.value = sessionStorage.getItem(KEPT);
  } catch {
    return;
  }
}

