// What the verdict rests on: the stored findings of a turn, those that the explanation cites first.
import { useEffect } from "preact/hooks";
import { Fold, Reliability, Said } from "../../parts/basics";
import { capital, count, measured, plain, SOURCES } from "../../wording";
import type { Evidence } from "../../model";
import type { AffectTurn } from "../model";
import { look } from "../session";
import { records } from "../state";

export function Findings({ turn }: { turn: AffectTurn }) {
  return (
    <div class="part">
      <Fold title="Why: the findings" aside={`${count(turn.evidence.length, "finding")} cited`} testid="findings">
        {() => <Listed turn={turn} />}
      </Fold>
    </div>
  );
}

function Listed({ turn }: { turn: AffectTurn }) {
  useEffect(() => void look(turn.turn), [turn.turn]);
  const record = records.value.get(turn.turn);
  if (!record) return <p class="muted small">Asking the server…</p>;
  const cited = new Set(turn.evidence);
  const order = [...record.evidence].sort((a, b) => Number(cited.has(b.id)) - Number(cited.has(a.id)));
  if (!order.length) return <p class="muted small">There are none.</p>;
  return (
    <ul>
      {order.map((item) => <Finding key={item.id} item={item} cited={cited.has(item.id)} />)}
    </ul>
  );
}

function Finding({ item, cited }: { item: Evidence; cited: boolean }) {
  return (
    <li class={`finding${cited ? " on" : ""}`} data-testid="finding" data-modality={item.modality}>
      <span class="k">{capital(SOURCES[item.modality])}{cited && <span class="cited"> cited</span>}</span>
      <div>
        <Said text={item.finding} />
        <p class="measures">
          {Object.entries(item.measures).map(([name, measure]) => {
            const [value, unit] = measured(measure);
            return <span key={name}>{plain(name)} <b class="n">{value}</b> <span class="unit">{unit}</span></span>;
          })}
        </p>
      </div>
      <Reliability value={item.reliability} />
    </li>
  );
}
