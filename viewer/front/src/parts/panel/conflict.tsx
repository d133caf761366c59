// Sources that disagree: both readings side by side, each with what it stands on.
import { found } from "../../state";
import type { Conflict, Hypothesis, Utterance } from "../../model";
import { capital, conflictTitle, DISPUTES, distance, moved, percent, POLICIES, SOURCES } from "../../wording";
import { Bolt } from "../bolt";
import { Chips, Looked } from "./evidence";
import { Label } from "./label";
import { Bar, Hint } from "./pieces";
import { labelClass } from "../../labels";

const BITS =
  "The Jensen–Shannon divergence of what the two sources suggest: 0 bits where they say the same, 1 bit where they share nothing.";

export function Conflicts({ utterance }: { utterance: Utterance }) {
  const named = found.value.verdicts.get(utterance.id)?.conflict;
  const all = [...(found.value.conflicts.get(utterance.id) ?? [])];
  all.sort((a, b) => Number(b.id === named) - Number(a.id === named) || b.divergence - a.divergence);
  return (
    <>
      {all.map((conflict) => (
        <Card key={conflict.id} conflict={conflict} />
      ))}
    </>
  );
}

function Card({ conflict }: { conflict: Conflict }) {
  const ids = conflict.hypotheses.flatMap((h) => h.cites);
  return (
    <section class="conflict" aria-label={conflictTitle(conflict)} data-testid="conflict">
      <h3>
        <Bolt /> {conflictTitle(conflict)} <span class="aside">{DISPUTES[conflict.type]}</span>
      </h3>
      <div class="readings">
        {conflict.hypotheses.map((h) => (
          <Reading key={h.modality} reading={h} of={conflict.utterance} place={conflict.id} />
        ))}
      </div>
      <Looked ids={ids} of={conflict.utterance} place={conflict.id} />
      <p class="small">
        {conflict.valence_clash && "One suggests something pleasant, the other something unpleasant. "}
        The readings are {distance(conflict.divergence)} (<span class="n">{moved(conflict.divergence)}</span>).{" "}
        {POLICIES[conflict.policy] ?? conflict.policy} <Hint about="this distance">{BITS}</Hint>
      </p>
    </section>
  );
}

function Reading({ reading, of, place }: { reading: Hypothesis; of: string; place: string }) {
  return (
    <div class="reading">
      <p class="k">{capital(SOURCES[reading.modality])}</p>
      <p class="beside">
        <Label label={reading.label} />
        <span class="n">{percent(reading.probability)}</span>
      </p>
      <Bar share={reading.probability} kind={labelClass(reading.label)} />
      <Chips ids={reading.cites} of={of} place={place} />
    </div>
  );
}
