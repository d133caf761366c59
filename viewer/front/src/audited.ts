// What the audit found, in plain sentences: whether a verdict stands on the evidence that it cites.
import type { Audit, ClaimAudit } from "./model";
import { count, NO_REASON, percent } from "./wording";

/** A heading and a plain sentence for what the audit found. */
export function auditSentences(audit: Audit): [string, string] {
  if (audit.finding === "not-tested") {
    return [
      "Not tested",
      audit.claims.length
        ? "The language model was not asked again without the evidence that it cites."
        : "There was no cited evidence to take away.",
    ];
  }
  const told = `${cited(audit)}${uncited(audit)}`;
  if (audit.finding === "decoration") return ["Decoration", `${told} The explanation does not carry the verdict.`];
  return ["Carried by its evidence", told];
}

/** What one claim alone does to the verdict, or why it is not supported. */
export function claimAudit(audit: ClaimAudit): string {
  if (audit.supported === false) return `not supported: ${audit.reason ?? NO_REASON}`;
  if (audit.supported === null && !audit.flipped && !audit.divergence) return "not tested";
  if (audit.flipped) return "without it the label changes";
  if (audit.divergence < 0.005) return "without it nothing moves";
  return `without it ${audit.divergence.toFixed(2)} bits move`;
}

/** What of the words a claim about them rests on, or what was said before. */
export function restsOn(audit: ClaimAudit): string | null {
  if (audit.words) return `It rests most on ‘${audit.words}’.`;
  if (audit.alone === null) return null;
  return `Without the ${audit.earlier.length === 1 ? "turn" : "turns"} before, the words would suggest ${audit.alone}.`;
}

function cited(audit: Audit): string {
  if (audit.cited_flipped) return "Removing the cited evidence changes the verdict";
  if (audit.cited_divergence >= 0.05) {
    return `Removing the cited evidence keeps the label but moves ${audit.cited_divergence.toFixed(2)} bits`;
  }
  return "Removing the cited evidence changes next to nothing";
}

function uncited(audit: Audit): string {
  if (audit.uncited_divergence === null) return "; nothing uncited was left to compare with.";
  const fewer = audit.uncited_removed && audit.cited_removed && audit.uncited_removed < audit.cited_removed;
  const others = fewer ? `all there is besides, ${count(audit.uncited_removed!, "uncited item")},` : "as many uncited items";
  if (audit.uncited_flipped)
    return `; removing ${others} changes the verdict in ${percent(audit.uncited_flipped)} of the trials.`;
  return `; removing ${others} ${audit.cited_flipped ? "does not" : `moves ${audit.uncited_divergence.toFixed(2)} bits`}.`;
}
