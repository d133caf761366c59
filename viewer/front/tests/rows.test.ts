import assert from "node:assert/strict";
import { test } from "node:test";
import { filtered, shown, sorted, summary } from "../src/parts/panel/rows";
import type { Row } from "../src/parts/panel/rows";
import { table, TABLES } from "../src/parts/panel/tables";
import type { TableName } from "../src/parts/panel/tables";
import { target } from "../src/parts/panel/keys";
import { payload } from "../src/state";
import type { Payload } from "../src/model";

const row = (...cells: Row["cells"]): Row => ({ cells, utterance: null, at: null, conflict: false });
const firsts = (rows: readonly Row[]) => rows.map((r) => r.cells[0]);

test("numbers sort as numbers, ids by their numbers, and what is missing comes last both ways", () => {
  assert.deepEqual(firsts(sorted([row(10), row(null), row(9)], 0, false)), [9, 10, null]);
  assert.deepEqual(firsts(sorted([row(10), row(null), row(9)], 0, true)), [10, 9, null]);
  assert.deepEqual(firsts(sorted([row("u10"), row("u9"), row("U2")], 0, false)), ["U2", "u9", "u10"]);
});

test("rows that are alike stay in their order", () => {
  const rows = [row("a", 1), row("a", 2), row("a", 3)];
  assert.deepEqual(
    sorted(rows, 0, true).map((r) => r.cells[1]),
    [1, 2, 3],
  );
});

test("a filter wants every word, in any cell and any case", () => {
  const rows = [row("Brow raiser", "Face"), row("Brow", "Voice")];
  assert.equal(filtered(rows, "brow FACE").length, 1);
  assert.equal(filtered(rows, "  ").length, 2);
  assert.equal(filtered(rows, "(").length, 0); // no pattern, just text
});

test("a cell is told with its unit, and what is missing with a dash", () => {
  assert.equal(shown(0.616, { title: "", kind: "share" }), "61.6 %");
  assert.equal(shown(65.25, { title: "", kind: "time" }), "1:05.2");
  assert.equal(shown(null, { title: "", kind: "number" }), "—");
  assert.equal(shown("a\u202eb", { title: "", kind: "text" }), "a⟦U+202E⟧b");
});

test("a curve is summed up without its gaps", () => {
  assert.deepEqual(summary(Float32Array.of(NaN, 1, 3, NaN)), { n: 4, known: 0.5, low: 1, mean: 2, high: 3, at: 2 });
  assert.deepEqual(summary(Float32Array.of(NaN)), { n: 1, known: 0, low: null, mean: null, high: null, at: null });
});

test("every table has as many cells as columns", () => {
  const span = { start: 1, end: 2 };
  payload.value = {
    labels: ["joy", "anger"],
    peaks: [],
    series: [
      {
        id: "s",
        person: "p1",
        kind: "pitch",
        name: "f0",
        title: "Pitch",
        unit: "Hz",
        low: 0,
        high: 1,
        start: 0,
        step: 0.1,
        values: "AQA=",
      },
    ],
    trace: {
      clip: { duration: 9 },
      people: [{ id: "p1", name: "Ann" }],
      utterances: [{ id: "u1", person: "p1", span, text: "Hm", words: [{ text: "Hm", span, probability: 0.5, time_source: "recognised" }] }],
      evidence: [
        {
          id: "u1.face.1",
          utterance: "u1",
          person: null,
          modality: "face",
          kind: "gaze",
          span,
          finding: "…",
          measures: { a_b: { value: 1, unit: "s" } },
          reliability: 0.5,
          saw_text: false,
          producer: { name: "face", version: "1" },
        },
      ],
      opinions: [{ utterance: "u1", modality: "face", distribution: { joy: 1 }, valence: null, arousal: null, reason: null }],
      conflicts: [
        {
          id: "c",
          utterance: "u1",
          kind: "text-face",
          type: "category",
          divergence: 0.5,
          hypotheses: [
            { label: "joy", probability: 1 },
            { label: "anger", probability: 1 },
          ],
          policy: "report-both",
        },
      ],
      verdicts: [
        {
          utterance: "u1",
          label: "joy",
          distribution: { joy: 1 },
          open_labels: [],
          causes: [],
          claims: [{ text: "t", cites: ["x"], stance: "supports" }],
        },
      ],
      audits: [],
      calls: [],
    },
  } as unknown as Payload;
  for (const name of Object.keys(TABLES) as TableName[]) {
    const { columns, rows } = table(name, payload.value);
    assert.deepEqual(
      rows.map((r) => r.cells.length),
      [columns.length],
      name,
    );
    assert.ok(rows[0]!.conflict, name);
  }
});

test("arrow keys go around the tabs", () => {
  assert.deepEqual(
    ["ArrowRight", "ArrowLeft", "Home", "End", "x"].map((key) => target(key, 3, 4)),
    [0, 2, 0, 3, null],
  );
});
