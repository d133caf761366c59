import assert from "node:assert/strict";
import { test } from "node:test";
import { read, write } from "../src/address";

test("an address is read back as it was written", () => {
  for (const place of [
    { time: 12.3, evidence: "u7.face.2", utterance: null },
    { time: 0, evidence: null, utterance: "u1" },
    { time: null, evidence: "a&b=c#d ü%", utterance: null },
    { time: null, evidence: null, utterance: null },
  ])
    assert.deepEqual(read(write(place)), place);
});

test("the form that is promised", () => {
  assert.equal(write({ time: 12.3, evidence: "u7.face.2", utterance: "u7" }), "#t=12.3&e=u7.face.2");
  assert.deepEqual(read("#t=12.3&e=u7.face.2"), { time: 12.3, evidence: "u7.face.2", utterance: null });
});

test("what is no time is none", () => {
  for (const hash of ["", "#", "#t=", "#t=abc", "#t=-3", "#t=Infinity", "#<script>"])
    assert.equal(read(hash).time, null);
});
