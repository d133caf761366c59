import assert from "node:assert/strict";
import { test } from "node:test";
import type { AffectTurn, Turn, Vote } from "../src/demo/model";
import { level, pcm, RATE, Resampler } from "../src/demo/resample";
import { add, late, records, renew, turns } from "../src/demo/state";
import { AUDIO, packed } from "../src/demo/wire";
import { against, announced, days, listed, revised, startWith, unheard } from "../src/demo/words";

const BLOCK = 128; // samples, as the audio thread gives them

function heard(from: number, hertz: number, seconds = 1): Float32Array {
  const resampler = new Resampler(from);
  const made: number[] = [];
  for (let start = 0; start < from * seconds; start += BLOCK) {
    made.push(...resampler.next(Float32Array.from({ length: BLOCK }, (_, i) => Math.sin((2 * Math.PI * hertz * (start + i)) / from))));
  }
  return Float32Array.from(made);
}

for (const from of [16_000, 44_100, 48_000]) {
  test(`a tone at ${from} per second stays what it is at 16 kHz`, () => {
    const made = heard(from, 440);
    assert.ok(Math.abs(made.length - RATE) < 128, `${made.length}`);
    const delay = made.slice(1000, 3000);
    assert.ok(Math.abs(level(delay) - -3.01) < 0.1, `${level(delay)}`);
    let crossings = 0;
    for (let i = 1; i < delay.length; i++) if (delay[i - 1]! < 0 && delay[i]! >= 0) crossings++;
    assert.equal(crossings, 55); // 440 Hz in an eighth of a second
  });
}

test("what lies above 8 kHz does not fold down", () => {
  assert.ok(level(heard(48_000, 10_000).slice(1000)) < -60);
  assert.ok(level(heard(44_100, 12_000).slice(1000)) < -60);
});

test("blocks of any size give the same samples", () => {
  const tone = Float32Array.from({ length: 4800 }, (_, i) => Math.sin(i / 7));
  const whole = new Resampler(48_000).next(tone);
  const pieces = new Resampler(48_000);
  const joined = [...pieces.next(tone.slice(0, 1)), ...pieces.next(tone.slice(1, 1000)), ...pieces.next(tone.slice(1000))];
  assert.deepEqual(Float32Array.from(joined), whole);
});

test("what is too loud is clipped", () => {
  assert.deepEqual([...pcm(Float32Array.of(0, 1, -1, 3, -3))], [0, 32767, -32767, 32767, -32767]);
});

test("a binary message has its kind and its time in front", () => {
  const view = new DataView(packed(AUDIO, 1.5, Int16Array.of(7, -7).buffer));
  assert.deepEqual([view.byteLength, view.getUint8(0), view.getFloat64(8, true), view.getInt16(18, true)], [20, 1, 1.5, -7]);
});

const vote: Vote = { modality: "voice", label: null, distribution: {}, quality: null, abstained: true, reason: "Late" };

function turn(number: number, more: Partial<AffectTurn> = {}): Turn {
  const affect: AffectTurn = {
    session: "s", turn: number, turn_id: `t${number}`, person: "user", label: "joy", distribution: { joy: 0.7 }, confidence: 0.62,
    valence: null, arousal: null, open_labels: [], abstained: false, reason: null, votes: [vote], conflict: null, trend: null,
    evidence: [], explanation: "", models: [], label_set: "meld7", late: [],
    latency: { total: 12, deadline: 300, stages: {}, late: [] }, ...more,
  };
  return { type: "turn", affect, text: "", source: "chat" };
}

test("what came late puts an earlier turn right, and says so", () => {
  turns.value = [];
  const waiting: Vote = { ...vote, reason: "late" };
  add(turn(2));
  add(turn(1, { label: null, abstained: true, votes: [waiting] }));
  assert.deepEqual(late(turns.value[0]!.affect), ["voice"]);
  const heard = { ...waiting, label: "joy", abstained: false, reason: null };
  const record = { utterance: { id: "u1", text: "hello", source: "pocketsphinx" }, evidence: [], verdict: null as never };
  renew({ ...record, affect: turn(1, { votes: [heard] }).affect });
  const [first, second] = turns.value;
  assert.deepEqual([first!.affect.label, first!.text, first!.source], ["joy", "hello", "pocketsphinx"]);
  assert.deepEqual(first!.revision, { arrived: ["voice"], before: null });
  assert.equal(revised(first!.revision!, "joy"), "Judged again with voice, which came late; before, it had no label.");
  assert.equal(second!.revision, undefined);
  assert.ok(records.value.has(1));
  renew({ ...record, affect: first!.affect });
  assert.deepEqual(turns.value[0]!.revision?.arrived, ["voice"]);
});

test("sentences", () => {
  assert.equal(startWith({ text: true, voice: true, face: true }), "Start with words, voice and face");
  assert.equal(startWith({ text: false, voice: false, face: false }), "Switch on at least one");
  assert.deepEqual([days(1), days(30), days(0.25)], ["1 day", "30 days", "6 hours"]);
  assert.equal(listed(["a"]), "a");
  assert.equal(unheard(vote), "no label: late");
  assert.equal(announced(turn(3).affect), "Turn 3: joy, 62 % sure");
  const trend = { turns: 2, valence: 0.2, arousal: null, before: "anger", changed: true };
  assert.equal(against(trend, "joy"), "Valence +0.20 against the last 2 turns; the label was anger before.");
});
