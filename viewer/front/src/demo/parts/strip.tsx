// The conversation so far: a block for each turn, as high as the label is sure.
import { useEffect, useRef } from "preact/hooks";
import { labelClass } from "../../labels";
import { Bolt } from "../../parts/bolt";
import { percent, shorten, visible } from "../../wording";
import type { Turn } from "../model";
import { chosen, shown, turns } from "../state";
import { announced } from "../words";

export function Strip() {
  const list = useRef<HTMLOListElement>(null);
  const amount = turns.value.length;
  useEffect(() => list.current?.scrollTo({ left: list.current.scrollWidth }), [amount]);
  if (!amount) return null;
  return (
    <section class="card strip-card" aria-label="Turns so far">
      <ol class="turns" ref={list} data-testid="strip">
        {turns.value.map((turn) => (
          <li key={turn.affect.turn}>
            <Block turn={turn} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Block({ turn: { affect, text } }: { turn: Turn }) {
  const share = affect.confidence ?? Math.max(0, ...Object.values(affect.distribution));
  const go = () => (chosen.value = affect.turn === turns.value[turns.value.length - 1]?.affect.turn ? null : affect.turn);
  return (
    <button
      type="button"
      class="turn-block"
      aria-current={shown.value?.affect.turn === affect.turn}
      aria-label={`${announced(affect)}${affect.conflict ? ", sources disagree" : ""}`}
      title={shorten(visible(text), 80)}
      onClick={go}
      data-testid="turn-block"
      data-label={affect.label ?? ""}
    >
      <span class="column">
        {affect.conflict && <Bolt />}
        <span class={`fill ${labelClass(affect.label)}`} style={{ height: affect.label ? `${Math.max(12, share * 100)}%` : "100%" }} />
      </span>
      <span class="named-label">{visible(affect.label ?? "no label")}</span>
      <span class="n muted">{affect.label && affect.confidence !== null ? percent(affect.confidence) : "\u00a0"}</span>
    </button>
  );
}
