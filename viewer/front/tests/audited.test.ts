import assert from "node:assert/strict";
import { test } from "node:test";
import { auditSentences, claimAudit, restsOn } from "../src/audited";
import type { Audit, ClaimAudit } from "../src/model";

const audit = (made: Partial<Audit>): Audit => ({
  utterance: "u1",
  cited_divergence: 0.3,
  cited_flipped: false,
  cited_removed: 2,
  uncited_removed: 2,
  uncited_divergence: 0.01,
  uncited_flipped: 0,
  claims: [],
  finding: "carried",
  ...made,
});
const mark = (made: Partial<ClaimAudit>): ClaimAudit => ({
  claim: 0,
  divergence: 0,
  flipped: false,
  change: null,
  supported: true,
  reason: null,
  unknown: [],
  words: null,
  alone: null,
  earlier: [],
  ...made,
});

test("the audit of a verdict is told in plain sentences", () => {
  assert.deepEqual(auditSentences(audit({ cited_flipped: true })), [
    "Carried by its evidence",
    "Removing the cited evidence changes the verdict; removing as many uncited items does not.",
  ]);
  assert.deepEqual(auditSentences(audit({ finding: "decoration", cited_divergence: 0.001, uncited_divergence: null })), [
    "Decoration",
    "Removing the cited evidence changes next to nothing; nothing uncited was left to compare with. The explanation does not carry the verdict.",
  ]);
  assert.equal(
    auditSentences(audit({ uncited_removed: 1, uncited_flipped: 0.5 }))[1],
    "Removing the cited evidence keeps the label but moves 0.30 bits; removing all there is besides, 1 uncited item, changes the verdict in 50 % of the trials.",
  );
  assert.match(auditSentences(audit({ finding: "not-tested", claims: [mark({})] }))[1], /not asked again/);
});

test("the audit of a claim says what it does, or why it is not supported", () => {
  assert.equal(claimAudit(mark({ supported: false, reason: "made up" })), "not supported: made up");
  assert.equal(claimAudit(mark({ supported: null })), "not tested");
  assert.equal(claimAudit(mark({ flipped: true })), "without it the label changes");
  assert.equal(claimAudit(mark({ divergence: 0.152 })), "without it 0.15 bits move");
  assert.equal(claimAudit(mark({ divergence: 0.0001 })), "without it nothing moves");
});

test("what a claim about words rests on", () => {
  assert.equal(restsOn(mark({ words: "Wow," })), "It rests most on ‘Wow,’.");
  assert.equal(
    restsOn(mark({ alone: "disgust", earlier: ["u7.transcript.1"] })),
    "Without the turn before, the words would suggest disgust.",
  );
  assert.equal(restsOn(mark({})), null);
});
