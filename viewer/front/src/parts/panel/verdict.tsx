// The verdict of one utterance: a sentence, how probable every label is, and what it goes back to.
import { found, payload } from "../../state";
import type { Utterance, Verdict } from "../../model";
import {
  CALIBRATED,
  capital,
  conflictTitle,
  expressed,
  percent,
  signed,
  silence,
  UNCALIBRATED,
  uncapital,
  verdictName,
  visible,
} from "../../wording";
import { Bolt } from "../bolt";
import { Instead } from "./corrected";
import { Label, Ranking, Stack, Swatch } from "./label";
import { Axis, Hint, Name, Part, Said, ToUtterance } from "./pieces";

export function VerdictView({ utterance }: { utterance: Utterance }) {
  const verdict = found.value.verdicts.get(utterance.id);
  const conflicts = found.value.conflicts.get(utterance.id) ?? [];
  const open = verdict?.open_labels.filter((word) => word !== verdict.label) ?? [];
  return (
    <div class="verdict" data-testid="verdict">
      <Sentence verdict={verdict} person={utterance.person} />
      <Instead utterance={utterance.id} label={verdict?.label ?? null} />
      {verdict && <Second verdict={verdict} />}
      {conflicts.length > 0 && (
        <p class="small doubt"><Bolt /> {conflicts.map((c, i) => (i ? uncapital(conflictTitle(c)) : conflictTitle(c))).join("; ")}</p>
      )}
      {verdict && Object.keys(verdict.distribution).length > 0 && <Ranking distribution={verdict.distribution} />}
      {open.length > 0 && (
        <p class="small">
          <span class="k">In other words</span> <Said text={open.join(", ")} />
        </p>
      )}
      {verdict && <Affect verdict={verdict} />}
      {verdict && <Links verdict={verdict} />}
    </div>
  );
}

function Sentence({ verdict, person }: { verdict: Verdict | undefined; person: string | null }) {
  if (!verdict?.label) {
    return (
      <div class="sentence none" data-testid="sentence">
        <p>
          <Swatch label={null} /> <b>{capital(verdictName(verdict))}</b>
        </p>
        <p class="why">
          <Said text={capital(silence(verdict))} />
        </p>
      </div>
    );
  }
  const { before, after } = expressed(verdict.label);
  return (
    <p class="sentence" data-testid="sentence">
      <Name person={person} /> {before}{" "}
      <span class="keep">
        <Swatch label={verdict.label} /> <b>{visible(verdict.label)}</b>
      </span>
      {after}
      {verdict.confidence === null ? (
        <>
          {" "}
          <Hint about="missing here">No calibrated confidence was measured for this reasoner.</Hint>
        </>
      ) : (
        <>
          ,{" "}
          <Hint about="this figure" after={`${percent(verdict.confidence)} sure`}>
            {explained(verdict)}
          </Hint>
        </>
      )}
    </p>
  );
}

function explained({ label, confidence, distribution }: Verdict): string {
  const bar = distribution[label ?? ""];
  return bar !== undefined && Math.abs(bar - confidence!) >= 0.005 ? `${CALIBRATED} ${UNCALIBRATED}` : CALIBRATED;
}

function Second({ verdict }: { verdict: Verdict }) {
  if (verdict.verified === null) return null;
  return verdict.verified ? (
    <p class="small muted">A second model agrees.</p>
  ) : (
    <p class="small doubt">A second model disagrees.</p>
  );
}

function Affect({ verdict: { valence, arousal } }: { verdict: Verdict }) {
  if (valence === null && arousal === null) return null;
  return (
    <div class="affect">
      <Axis name="Valence" low="unpleasant" high="pleasant" value={valence} shown={valence === null ? "—" : signed(valence)} />
      <Axis name="Arousal" low="calm" high="excited" value={arousal} shown={arousal === null ? "—" : signed(arousal)} />
    </div>
  );
}

function Links({ verdict }: { verdict: Verdict }) {
  const causes = verdict.causes.filter((id) => id !== verdict.utterance);
  const itself = causes.length < verdict.causes.length;
  if (!verdict.shift && !verdict.causes.length) return null;
  return (
    <dl class="ties">
      {verdict.shift && (
        <div>
          <dt>Shift</dt>
          <dd>
            from <Label label={verdict.shift.before} /> to <Label label={verdict.shift.after} /> since{" "}
            <ToUtterance id={verdict.shift.utterance} />
          </dd>
        </div>
      )}
      {verdict.causes.length > 0 && (
        <div>
          <dt>Likely {causes.length + Number(itself) > 1 ? "causes" : "cause"}</dt>
          <dd>
            {itself && <span class="muted">what is said here</span>}
            {causes.map((id) => (
              <ToUtterance key={id} id={id} />
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** The verdict of the embedded reasoner, where a language model gave the one above. */
export function Baseline({ utterance }: { utterance: Utterance }) {
  const other = payload.value!.trace.baseline.find((v) => v.utterance === utterance.id);
  const verdict = found.value.verdicts.get(utterance.id);
  if (!other) return null;
  const both = verdict?.label && other.label;
  return (
    <Part title="Without the language model" kind="baseline">
      <div class="beside">
        <Label label={other.label} word={verdictName(other)} />
        {other.confidence !== null && <span class="n">{percent(other.confidence)} sure</span>}
        <Stack distribution={other.distribution} order={payload.value!.labels} />
      </div>
      {!other.label && (
        <p class="muted small">
          <Said text={silence(other)} />
        </p>
      )}
      {both && (
        <p class="muted small">
          {verdict.label === other.label
            ? "Both reasoners give the same label."
            : `The language model says ${verdict.label} instead.`}
        </p>
      )}
    </Part>
  );
}
