import assert from "node:assert/strict";
import { test } from "node:test";
import { agreement, kappaWord, pairs } from "../src/compare";
import type { Other, Trace, Verdict } from "../src/model";

const verdict = (utterance: string, label: string | null, confidence: number | null = null) =>
  ({ utterance, label, confidence }) as Verdict;

test("differences come first, the surest foremost; what is the same stays in order", () => {
  const ids = ["u1", "u2", "u3", "u4", "u5"];
  const trace = {
    utterances: ids.map((id) => ({ id })),
    verdicts: [
      verdict("u1", "joy"),
      verdict("u2", "joy", 0.4),
      verdict("u3", "joy", 0.9),
      verdict("u4", null),
      verdict("u5", "fear"),
    ],
  } as unknown as Trace;
  const other: Other = {
    name: "other",
    match: ["v1", "v2", "v3", "v4", null],
    verdicts: [verdict("v1", "joy"), verdict("v2", "anger", 0.4), verdict("v3", "anger", 0.9), verdict("v4", "joy"), null],
  };
  const found = pairs(trace, other);
  assert.deepEqual(
    found.map((p) => p.utterance.id),
    ["u3", "u2", "u4", "u5", "u1"],
  );
  assert.deepEqual(
    found.map((p) => p.same),
    [false, false, false, false, true],
  );
  assert.equal(found[3]!.match, null);
});

test("kappa is that of Cohen (1960)", () => {
  // The textbook case of 50 grants: 20 both yes, 5 and 10 differ, 15 both no.
  const labels = [
    ...Array(20).fill(["yes", "yes"]),
    ...Array(5).fill(["yes", "no"]),
    ...Array(10).fill(["no", "yes"]),
    ...Array(15).fill(["no", "no"]),
  ];
  const { n, same, kappa, rows } = agreement(labels);
  assert.deepEqual([n, same], [50, 35]);
  assert.ok(Math.abs(kappa! - 0.4) < 1e-12);
  assert.deepEqual(rows[0], ["yes", "yes", 20]);
});

test("places where one has no label are left out, and kappa may be undefined", () => {
  assert.deepEqual(
    agreement([
      ["joy", null],
      [null, "joy"],
    ]),
    { n: 0, same: 0, kappa: null, rows: [] },
  );
  assert.equal(
    agreement([
      ["joy", "joy"],
      ["joy", "joy"],
    ]).kappa,
    null,
  ); // chance alone agrees always
  assert.equal(
    agreement([
      ["joy", "fear"],
      ["fear", "joy"],
    ]).kappa,
    -1,
  );
});

test("kappa in words", () => {
  assert.deepEqual([-0.2, 0.1, 0.4, 0.55, 0.7, 0.95].map(kappaWord), [
    "no better than chance",
    "slight",
    "fair",
    "moderate",
    "substantial",
    "almost perfect",
  ]);
});
