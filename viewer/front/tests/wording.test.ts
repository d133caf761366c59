import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "../src/model";
import * as words from "../src/wording";

const verdict = (made: Partial<Verdict>): Verdict => ({
  utterance: "u1",
  person: null,
  label: null,
  distribution: {},
  alternatives: [],
  open_labels: [],
  valence: null,
  arousal: null,
  confidence: null,
  abstained: true,
  invalid: false,
  reason: null,
  causes: [],
  shift: null,
  claims: [],
  conflict: null,
  verified: null,
  reasoner: "embedded",
  mode: "causal",
  ...made,
});

test("times are cut to tenths, and hours appear only where there are some", () => {
  assert.equal(words.clock(0), "0:00.0");
  assert.equal(words.clock(65.25), "1:05.2");
  assert.equal(words.clock(3599.999), "59:59.9");
  assert.equal(words.clock(3600), "1:00:00.0");
  assert.equal(words.clock(0.3), "0:00.3"); // 2.9999999999999996 tenths
});

test("lengths are spelt with their units", () => {
  assert.equal(words.spell(8.84), "8.8 s");
  assert.equal(words.spell(128), "2 min 8 s");
  assert.equal(words.spell(3660), "1 h 1 min");
});

test("a share that is not nothing is never nothing, one that is not all never all", () => {
  assert.deepEqual([0, 0.001, 0.616, 0.999, 1].map(words.percent), ["0 %", "<1 %", "62 %", ">99 %", "100 %"]);
});

test("numbers carry a real minus sign and no false precision", () => {
  assert.deepEqual([-0.24, 0, -0.001, 0.5].map(words.signed), ["−0.24", "0.00", "0.00", "+0.50"]);
  assert.deepEqual(
    [154.2605, -3.3015, 0.0345, 22050, 0].map((n) => words.number(n)),
    ["154", "−3.3", "0.0345", "22,050", "0"],
  );
});

test("what steers the direction of text or controls a terminal is spelt out", () => {
  assert.equal(words.visible("a\u202eb\u0007c\u200fd\u2028e\tf\ng"), "a⟦U+202E⟧b␇cd e\tf\ng");
  assert.equal(words.visible('<script>&"]]>'), '<script>&"]]>'); // text nodes need no escaping
});

test("a sentence is shortened by whole signs", () => {
  assert.equal(words.shorten("😀".repeat(5), 3), "😀😀😀…");
  assert.equal(words.shorten("short", 60), "short");
});

test("a verdict expresses, it never feels", () => {
  assert.deepEqual(words.expressed("joy"), { before: "expresses", after: "" });
  assert.deepEqual(words.expressed("neutral"), { before: "shows a", after: " expression" });
});

test("the absence of a label has a name and a reason", () => {
  assert.equal(words.verdictName(undefined), "no verdict");
  assert.equal(words.verdictName(verdict({ invalid: true, abstained: false })), "invalid");
  assert.equal(words.verdictName(verdict({})), "abstained");
  assert.equal(words.silence(verdict({ reason: "no evidence" })), "no evidence");
  assert.equal(words.silence(undefined), "this utterance was not judged");
});

test("distances between readings are put into words", () => {
  assert.deepEqual([0, 0.2, 0.4, 0.57, 0.9].map(words.distance), [
    "next to the same",
    "close",
    "some way apart",
    "far apart",
    "almost opposite",
  ]);
});

test("evidence is named short at home and with its utterance elsewhere", () => {
  assert.equal(words.evidenceName("u2.face.1", "u2"), "face 1");
  assert.equal(words.evidenceName("u2.face.1", "u3"), "u2 · face 1");
  assert.equal(words.evidenceName("odd", "u3"), "odd");
});

test("measures read as people write them", () => {
  const told = (value: number, unit: string) => words.measured({ value, unit }).join(" ").trim();
  assert.equal(told(0.9444, "ratio"), "94.4 %");
  assert.equal(told(4.6171, "intensity 0-5"), "4.62 of 5");
  assert.equal(told(0.97, "0-1"), "0.97 of 1");
  assert.equal(told(2, "count"), "2");
  assert.equal(told(14.951, "s"), "14.95 s");
  assert.equal(told(3605.2, "s"), "1:00:05.2 h:min:s");
  assert.equal(told(-22.84, "dBFS"), "−22.8 dBFS");
});

test("how far a stage is", () => {
  const stage = (at: number | null, took: number | null) => words.reached({ name: "watch", at, took }, 22);
  assert.deepEqual(stage(5.5, null), [0.25, "25 %", "5.5 s of 22.0 s"]);
  assert.deepEqual(stage(0, null), [0, "going on", ""]);
  assert.deepEqual(stage(null, null), [0, "waiting", ""]);
  assert.deepEqual(stage(0, 9.1), [1, "done", "9.1 s, 2.4 × real time"]);
  assert.deepEqual(stage(0, 0.4), [1, "done", "0.4 s"]);
  assert.deepEqual(words.reached({ name: "probe", at: null, took: 4 }, null), [1, "done", "4.0 s"]);
  assert.equal(words.doing("watch"), "faces and hands");
  assert.equal(words.doing("my_agent"), "my agent");
});
