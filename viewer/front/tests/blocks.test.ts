import assert from "node:assert/strict";
import { test } from "node:test";
import { cueText } from "../src/captions";
import { disputed, finding, judged, stacked, thought } from "../src/parts/lanes/blocks";
import type { Evidence, Utterance, Verdict } from "../src/model";
import type { Index } from "../src/trace";

const spoken: Utterance = {
  id: "u1",
  person: "p1",
  span: { start: 3, end: 5 },
  text: "Oh.",
  words: [],
  source: "subtitles",
};
const verdict: Verdict = {
  utterance: "u1",
  person: "p1",
  label: "joy",
  distribution: { joy: 0.7, anger: 0.3 },
  alternatives: [],
  open_labels: [],
  valence: null,
  arousal: null,
  confidence: 0.6,
  abstained: false,
  invalid: false,
  reason: null,
  causes: [],
  shift: null,
  conflict: null,
  verified: null,
  claims: [
    { text: "a", cites: ["e1", "e2"], stance: "supports", modality: null },
    { text: "b", cites: ["e2"], stance: "against", modality: null },
  ],
  reasoner: "embedded",
  mode: "causal",
};

function index(more: Partial<Index>): Index {
  return {
    duration: 9,
    people: [],
    utterances: new Map(),
    evidence: new Map(),
    of: new Map(),
    opinions: new Map(),
    conflicts: new Map(),
    verdicts: new Map(),
    audits: new Map(),
    calls: new Map(),
    peaks: new Map(),
    series: new Map(),
    ...more,
  };
}

function seen(id: string, start: number, end: number): Evidence {
  return {
    id,
    utterance: "u1",
    person: "p1",
    modality: "face",
    kind: "action_unit",
    span: { start, end },
    finding: id,
    measures: {},
    reliability: 0.5,
    saw_text: false,
    producer: { name: "face", version: "1", revision: "1" },
    media_ref: null,
  };
}

test("a verdict marks all that its claims cite, once", () => {
  const [block] = judged(index({ verdicts: new Map([["u1", verdict]]) }), [spoken]);
  assert.deepEqual(block!.cites, ["e1", "e2"]);
  assert.deepEqual([block!.label, block!.share, block!.start, block!.end], ["joy", 0.7, 3, 5]);
  assert.equal(block!.told, "0:03.0: joy 70 %, confidence 60 %");
});

test("without a label the reason stands in its place", () => {
  const silent = { ...verdict, label: null, abstained: true, reason: "nothing was seen" };
  assert.equal(
    judged(index({ verdicts: new Map([["u1", silent]]) }), [spoken])[0]!.told,
    "0:03.0: abstained, nothing was seen",
  );
  assert.equal(judged(index({}), [spoken])[0]!.told, "0:03.0: no verdict, this utterance was not judged");
});

test("an opinion that abstains has no label, whatever its distribution", () => {
  const opinion = {
    utterance: "u1",
    modality: "face" as const,
    distribution: { joy: 1 },
    valence: null,
    arousal: null,
    open_labels: [],
    abstained: true,
    reason: "no face",
    cites: [],
  };
  const [block] = thought(index({ opinions: new Map([["u1", [opinion]]]) }), [spoken], "face");
  assert.equal(block!.label, null);
  assert.equal(block!.told, "0:03.0: Face: abstained, no face");
});

test("one mark for each utterance in conflict, with both sides in words", () => {
  const conflict = {
    id: "c1",
    utterance: "u1",
    kind: "text-face",
    type: "valence" as const,
    divergence: 0.5,
    valence_clash: true,
    policy: "report-both",
    hypotheses: [
      { modality: "text" as const, label: "joy", probability: 0.8, cites: ["t"] },
      { modality: "face" as const, label: "anger", probability: 0.6, cites: ["f"] },
    ],
  };
  const [block, ...rest] = disputed(index({ conflicts: new Map([["u1", [conflict, conflict]]]) }), [spoken]);
  assert.equal(rest.length, 0);
  assert.equal(block!.told, "0:03.0: Words and face disagree: words: joy, face: anger, and 1 more");
  assert.deepEqual(block!.cites, ["t", "f"]);
});

test("findings that overlap stand in rows of their own", () => {
  const { order, row, rows } = stacked([seen("b", 4, 6), seen("a", 3, 5), seen("c", 5, 6)], 4);
  assert.deepEqual(
    order.map((e, i) => [e.id, row[i]]),
    [
      ["a", 0],
      ["b", 1],
      ["c", 0],
    ],
  );
  assert.equal(rows, 2);
  const block = finding(order[1]!, 1);
  assert.deepEqual([block.evidence, block.cites, block.row, block.told], ["b", ["b"], 1, "0:04.0: b"]);
});

test("a caption is text, never markup", () => {
  assert.equal(cueText("<v Bob>a & b --> c\n\n\nd</v>"), "&lt;v Bob&gt;a &amp; b --&gt; c\nd&lt;/v&gt;");
});
