import assert from "node:assert/strict";
import { test } from "node:test";
import { added, confirms, FORMAT, imported, jsonl, standing, typed, without } from "../src/corrections";
import type { Correction, Layer, Trace } from "../src/model";

const made = (change: Partial<Correction> = {}): Correction => ({
  format: FORMAT,
  clip: "c",
  utterance: "u1",
  field: "label",
  before: "joy",
  after: "anger",
  by: null,
  note: null,
  ...change,
});
const layer = (name: string, corrections: Correction[]): Layer => ({
  name,
  corrections,
  agreement: { n: 0, same: 0, kappa: null, rows: [] },
});

test("the later word on a field of an utterance counts", () => {
  const first = made();
  const speaker = made({ field: "person", before: "p1", after: "p2" });
  const second = made({ after: "fear" });
  assert.deepEqual(added(added([first], speaker), second), [speaker, second]);
});

test("undo takes away what was made, and nothing else", () => {
  const [one, two] = [made(), made({ utterance: "u2" })];
  assert.deepEqual(without([one, two], one), [two]);
});

test("the file holds one object a line, whatever the text holds", () => {
  const note = 'a\nb\u2028"c" \u202e </script>';
  const lines = jsonl([made({ note }), made({ utterance: "u2", after: null })]).split("\n");
  assert.equal(lines.length, 3);
  assert.equal(lines[2], "");
  assert.deepEqual(JSON.parse(lines[0]!), made({ note }));
  assert.deepEqual(Object.keys(JSON.parse(lines[1]!)), [
    "format",
    "clip",
    "utterance",
    "field",
    "before",
    "after",
    "by",
    "note",
  ]);
  assert.equal(JSON.parse(lines[1]!).after, null);
});

test("what is kept is confirmed", () => {
  assert.ok(confirms(made({ after: "joy" })));
  assert.ok(!confirms(made()));
  assert.ok(confirms(made({ before: null, after: null })));
});

test("what is not typed is nothing", () => {
  assert.equal(typed("  "), null);
  assert.equal(typed(" Ann "), "Ann");
});

test("imported layers are told newest first, and the newest stands", () => {
  const layers = [layer("0001", [made()]), layer("0002", [made({ before: "anger", after: null }), made({ utterance: "u9" })])];
  assert.deepEqual(
    imported(layers, "u1").map((i) => i.layer),
    ["0002", "0001"],
  );
  const trace = { verdicts: [{ utterance: "u1", label: "joy" }], utterances: [{ id: "u1", person: "p1" }] } as unknown as Trace;
  assert.equal(standing(trace, layers, "u1", "label"), null);
  assert.equal(standing(trace, [], "u1", "label"), "joy");
  assert.equal(standing(trace, layers, "u1", "person"), "p1");
});
