// Another judgement beside this one: differences first.
import { computed, signal } from "@preact/signals";
import { agreement, FEW, kappaWord, pairs } from "../../compare";
import { payload, onlyConflicts, found, select, selected } from "../../state";
import { seek } from "../../player";
import type { Pair } from "../../compare";
import type { Verdict } from "../../model";
import { clock, count, expressed, percent, verdictName } from "../../wording";
import { Label } from "./label";
import { Fold, Name, Part, Said } from "./pieces";

const SIDE = 200; // rows that are drawn at once
const which = signal(0);
const differing = signal(false);
const more = signal(1);
const other = computed(() => payload.value!.others[which.value] ?? payload.value!.others[0]!);
const all = computed(() => pairs(payload.value!.trace, other.value));
const figure = computed(() => agreement(all.value.map((p) => [p.ours?.label ?? null, p.theirs?.label ?? null] as const)));

export function ComparePanel() {
  const rows = all.value.filter(
    (p) => (!differing.value || !p.same) && (!onlyConflicts.value || found.value.conflicts.has(p.utterance.id)),
  );
  const apart = all.value.filter((p) => !p.same).length;
  return (
    <div class="compare" data-testid="compare">
      <div class="controls">
        {payload.value!.others.length > 1 && (
          <label>
            Beside{" "}
            <select
              value={which.value}
              onChange={(e) => {
                which.value = Number(e.currentTarget.value);
              }}
            >
              {payload.value!.others.map((o, i) => (
                <option key={i} value={i}>
                  {o.name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="tick">
          <input
            type="checkbox"
            checked={differing.value}
            data-testid="only-differences"
            onChange={(e) => {
              differing.value = e.currentTarget.checked;
            }}
          />{" "}
          Differences only ({apart})
        </label>
      </div>
      <Figure />
      <ol class="pairs">
        <li class="pair heads" aria-hidden="true">
          <span>This run</span>
          <span>
            <Said text={other.value.name} />
          </span>
        </li>
        {rows.slice(0, more.value * SIDE).map((pair) => (
          <Line key={pair.utterance.id} pair={pair} />
        ))}
      </ol>
      {!rows.length && <p class="empty">{apart ? "Nothing matches." : "Both say the same everywhere."}</p>}
      {rows.length > more.value * SIDE && (
        <button
          type="button"
          class="act"
          onClick={() => {
            more.value += 1;
          }}
        >
          Show {Math.min(SIDE, rows.length - more.value * SIDE)} more of {rows.length}
        </button>
      )}
    </div>
  );
}

function Figure() {
  const { n, same, kappa, rows } = figure.value;
  if (!n) return <p>There is no utterance to which both give a label.</p>;
  const apart = rows.filter(([a, b]) => a !== b);
  return (
    <Part title="Agreement" kind="figures">
      <p class="figure" data-testid="agreement">
        <b class="n">{percent(same / n)}</b> the same label:{" "}
        <span class="n">
          {same} of {count(n, "utterance")}
        </span>{" "}
        that both label.{" "}
        {kappa === null ? (
          "Cohen’s kappa is not defined here."
        ) : (
          <>
            Cohen’s kappa <b class="n">{kappa.toFixed(2).replace("-", "−")}</b>, {kappaWord(kappa)}
            {n < FEW && "; so few utterances say little"}.
          </>
        )}
      </p>
      {apart.length > 0 && (
        <Fold title="Which labels" aside={count(apart.length, "pair")}>
          {() => (
            <ul class="confusions">
              {apart.map(([a, b, times]) => (
                <li key={`${a} ${b}`}>
                  <span class="n">{times} ×</span> <Label label={a} /> here, <Label label={b} /> there
                </li>
              ))}
            </ul>
          )}
        </Fold>
      )}
    </Part>
  );
}

function Line({ pair: { utterance, ours, theirs, match, same } }: { pair: Pair }) {
  const go = () => {
    select(utterance.id);
    seek(utterance.span.start);
  };
  return (
    <li
      class={`pair ${same ? "same" : "apart"}${selected.value === utterance.id ? " on" : ""}`}
      data-testid="pair"
      data-same={same}
    >
      <button type="button" class="words" onClick={go} aria-current={selected.value === utterance.id || undefined}>
        <span class="n muted">{clock(utterance.span.start)}</span>{" "}
        <b>
          <Name person={utterance.person} />
        </b>{" "}
        {utterance.text.trim() ? <Said text={utterance.text.trim()} /> : <span class="muted">no words</span>}
        <span class="sr">{same ? " the same label" : " different labels"}</span>
      </button>
      <Side verdict={ours} name="This run" />
      {match === null && !theirs ? (
        <p class="side muted">no such utterance</p>
      ) : (
        <Side verdict={theirs} name={other.value.name} />
      )}
    </li>
  );
}

function Side({ verdict, name }: { verdict: Verdict | null; name: string }) {
  const first = verdict?.claims.find((c) => c.stance === "supports") ?? verdict?.claims[0];
  return (
    <div class="side">
      <span class="sr">
        {name} {verdict?.label ? expressed(verdict.label).before : ""}{" "}
      </span>
      <p class="beside">
        <Label label={verdict?.label ?? null} word={verdictName(verdict)} />
        {verdict?.confidence != null && <span class="n muted">{percent(verdict.confidence)}</span>}
      </p>
      {first && (
        <p class="small muted">
          <Said text={first.text} />
        </p>
      )}
      {verdict && !verdict.label && verdict.reason && (
        <p class="small muted">
          <Said text={verdict.reason} />
        </p>
      )}
    </div>
  );
}
