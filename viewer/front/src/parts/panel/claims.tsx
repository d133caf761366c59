// Why: the explanation sentence by sentence, what each cites, and what the audit found about it.
import { cited, evidence as looked, found, payload } from "../../state";
import { seek } from "../../player";
import type { Audit, Claim, ClaimAudit, Utterance } from "../../model";
import { auditSentences, claimAudit, restsOn } from "../../audited";
import { capital, visible } from "../../wording";
import { Chips, Looked, marks } from "./evidence";
import { Hint, Part } from "./pieces";

const STANCES = { supports: "For it", against: "Against it", context: "Context" } as const;
const SAYS_SO = /^(against|context)/i; // the sentence says so itself
const TESTED =
  "The evidence that a sentence cites is taken away and the verdict is formed again. A verdict that does not move then did " +
  "not rest on that evidence: the explanation is decoration. As many pieces of other evidence, taken away instead, show what " +
  "moves anyway.";

export function Claims({ utterance }: { utterance: Utterance }) {
  const verdict = found.value.verdicts.get(utterance.id);
  const audit = found.value.audits.get(utterance.id);
  if (!verdict) return null;
  return (
    <Part title="Why" testid="claims">
      {verdict.claims.length ? (
        <ol class="claims">
          {verdict.claims.map((claim, i) => (
            <Sentence key={i} number={i} claim={claim} mark={audit?.claims.find((c) => c.claim === i)} utterance={utterance} />
          ))}
        </ol>
      ) : (
        <p class="muted">No claim was made.</p>
      )}
      {audit && <Finding audit={audit} />}
    </Part>
  );
}

function Sentence({
  number,
  claim,
  mark,
  utterance,
}: {
  number: number;
  claim: Claim;
  mark: ClaimAudit | undefined;
  utterance: Utterance;
}) {
  const place = `claim ${number}`;
  const failed = mark?.supported === false;
  const told = mark ? restsOn(mark) : null;
  const known = claim.cites.flatMap((id) => found.value.evidence.get(id) ?? []);
  const start = known[0]?.span.start;
  const go = () => {
    if (start === undefined) return;
    looked.value = null;
    cited.value = claim.cites;
    seek(start);
  };
  return (
    <li
      class={`claim ${claim.stance}${failed ? " unsupported" : ""}`}
      data-testid="claim"
      data-supported={mark?.supported ?? "unknown"}
      data-seek={start}
      {...marks(claim.cites)}
    >
      <span class={claim.stance === "supports" || SAYS_SO.test(claim.text) ? "sr" : "stance"}>{STANCES[claim.stance]}: </span>
      <button type="button" class="text" onClick={go} disabled={start === undefined}>
        <bdi>{visible(claim.text)}</bdi>
      </button>
      <Chips ids={claim.cites} of={utterance.id} place={place} unknown={mark?.unknown ?? []} />
      {mark && (
        <p class={failed ? "effect doubt" : "effect"} data-testid="claim-audit">
          {failed && <Warning />}
          {capital(claimAudit(mark))}.
        </p>
      )}
      {told && (
        <p class="effect">
          <bdi>{visible(told)}</bdi> <Chips ids={mark!.earlier} of={utterance.id} place={place} />
        </p>
      )}
      <Looked ids={[...claim.cites, ...(mark?.earlier ?? [])]} of={utterance.id} place={place} />
    </li>
  );
}

function Warning() {
  return (
    <svg class="sign" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d="M6 1L11.5 11H.5ZM6 4.5V7.5M6 9V9.6" />
    </svg>
  );
}

function Finding({ audit }: { audit: Audit }) {
  const [head, told] = auditSentences(audit);
  const model = payload.value!.trace.baseline.length > 0;
  return (
    <div class={`audit ${audit.finding}`} data-testid="audit" data-finding={audit.finding}>
      <p>
        <b>{head}.</b> {told}{" "}
        <Hint about="the audit">
          {model && audit.finding === "not-tested"
            ? `${TESTED} A language model is only asked again where that was wanted.`
            : TESTED}
        </Hint>
      </p>
    </div>
  );
}
