import assert from "node:assert/strict";
import { test } from "node:test";
import { courses, path, shares, smoothed, ties } from "../src/people";
import type { Turn } from "../src/people";
import { index } from "../src/trace";
import type { Payload } from "../src/model";

const utterance = (id: string, person: string | null, start: number) => ({
  id,
  person,
  span: { start, end: start + 2 },
  text: "",
  words: [],
});
const judged = (id: string, label: string | null, causes: string[] = [], shift: unknown = null) => ({
  utterance: id,
  label,
  causes,
  shift,
});
const payload = {
  trace: {
    clip: { duration: 20 },
    people: [
      { id: "p1", name: "Ann" },
      { id: "p2", name: null },
      { id: "p3", name: "never there" },
    ],
    utterances: [utterance("u1", "p1", 0), utterance("u2", "p2", 3), utterance("u3", "p1", 6), utterance("u4", null, 9)],
    verdicts: [
      judged("u1", "joy"),
      judged("u2", "fear", ["u2", "u1"]),
      judged("u3", "anger", ["u2", "gone"], { utterance: "u1", before: "joy", after: "anger" }),
      judged("u4", null),
    ],
    evidence: [],
    opinions: [],
    conflicts: [{ utterance: "u3" }],
    audits: [],
    calls: [],
  },
  peaks: [],
  series: [],
} as unknown as Payload;

test("everybody who speaks has a course, an unknown speaker too", () => {
  const found = courses(payload.trace, index(payload));
  assert.deepEqual(
    found.map((c) => c.person),
    ["p1", "p2", null],
  );
  assert.deepEqual(found[0]!.shares, [
    ["joy", 0.5],
    ["anger", 0.5],
  ]);
  assert.deepEqual(found[0]!.conflicts, ["u3"]);
  assert.equal(found[0]!.seconds, 4);
  assert.equal(found[0]!.shifts.length, 1);
});

test("causes are counted between people, an utterance is not its own cause", () => {
  assert.deepEqual(ties(payload.trace, index(payload)), [
    { from: "p1", to: "p2", times: 1, labels: [["joy", "fear", 1]] },
    { from: "p2", to: "p1", times: 1, labels: [["fear", "anger", 1]] },
  ]);
});

test("shares count what has no label as such", () => {
  assert.deepEqual(
    shares([{ verdict: { label: null } }, { verdict: undefined }, { verdict: { label: "joy" } }] as unknown as Turn[])[0],
    [null, 2 / 3],
  );
});

test("a mean jumps over gaps and leaves them gaps", () => {
  assert.deepEqual(smoothed([1, null, 3, 5], 3), [1, null, 4, 4]);
  assert.deepEqual(smoothed([1, null, 3], 1), [1, null, 3]);
});

test("a path breaks at gaps, and a lone point can be seen", () => {
  assert.equal(path([[0, 1], [2, 3], null, [4, 5]]), "M0.00 1.00L2.00 3.00M4.00 5.00h0.01");
  assert.equal(path([]), "");
});
