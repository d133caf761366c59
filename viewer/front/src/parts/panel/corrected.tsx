// What people have set right: on this page, to be downloaded, and in layers that were imported.
import { useEffect, useState } from "preact/hooks";
import { FEW, kappaWord } from "../../compare";
import { confirms, FILE, imported, jsonl, kept, NEW, without } from "../../corrections";
import { corrections, payload, selected } from "../../state";
import type { Correction, Layer, Utterance } from "../../model";
import { count, percent, visible } from "../../wording";
import { Label } from "./label";
import { Fold, nameOf, Part, Said, ToUtterance } from "./pieces";

/** What a person says instead of the verdict's label, where somebody has. */
export function Instead({ utterance, label }: { utterance: string; label: string | null }) {
  const here = corrections.value.find((c) => c.utterance === utterance && c.field === "label");
  const last =
    here ?? imported(payload.value!.layers, utterance).find(({ correction }) => correction.field === "label")?.correction;
  if (!last || last.after === label) return null;
  return (
    <p class="instead" data-testid="instead">
      <span class="k">Set right to</span> <Label label={last.after} word="none of the labels" />
      {last.by && (
        <span class="muted">
          {" "}
          by <Said text={last.by} />
        </span>
      )}
    </p>
  );
}

/** What a value of a field is called. */
function Value({ field, value }: { field: Correction["field"]; value: string | null }) {
  if (field === "label") return <Label label={value} />;
  if (value?.startsWith(NEW)) return <Said text={value.slice(NEW.length)} />;
  return value === null ? <span class="muted">unknown</span> : <Said text={nameOf(value)} />;
}

function Told({ correction: c }: { correction: Correction }) {
  return (
    <>
      {c.field === "person" && <span class="muted">speaker </span>}
      {confirms(c) ? (
        <>
          confirmed: <Value field={c.field} value={c.after} />
        </>
      ) : (
        <>
          <Value field={c.field} value={c.before} /> → <Value field={c.field} value={c.after} />
        </>
      )}
      {c.by && (
        <span class="muted">
          {" "}
          by <Said text={c.by} />
        </span>
      )}
      {c.note && (
        <span class="muted">
          : “<Said text={c.note} />”
        </span>
      )}
    </>
  );
}

export function Made({ list }: { list: readonly Correction[] }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([jsonl(list)], { type: "application/x-ndjson" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [list]);
  return (
    <div class="made" data-testid="corrections">
      <h4>{count(list.length, "correction")} on this page</h4>
      <ul>
        {list.map((c) => (
          <li key={`${c.utterance} ${c.field}`} class={c.utterance === selected.value ? "on" : ""} data-testid="correction">
            <span class="what">
              <ToUtterance id={c.utterance} quote={false} /> <Told correction={c} />
            </span>
            <button
              type="button"
              class="link"
              aria-label={`Undo the correction of ${c.utterance}`}
              data-testid="correction-undo"
              onClick={() => {
                corrections.value = without(list, c);
              }}
            >
              Undo
            </button>
          </li>
        ))}
      </ul>
      <a
        class="act primary"
        href={address}
        download={FILE}
        data-testid="download"
        onClick={() => {
          kept.value = list;
        }}
      >
        Download {FILE}
      </a>
      <p class="muted small">
        The file stays with you until you import it: <code>emoagent import RUN {FILE}</code>
      </p>
    </div>
  );
}

export function Imported({ utterance }: { utterance: Utterance }) {
  const said = imported(payload.value!.layers, utterance.id);
  if (!said.length) return null;
  return (
    <div class="imported" data-testid="imported">
      <h4>Imported</h4>
      <ul>
        {said.map(({ layer, correction }, i) => (
          <li key={i}>
            <Told correction={correction} /> <code class="muted">{visible(layer)}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** How far people and machine agree, layer by layer. */
export function Layers({ layers }: { layers: readonly Layer[] }) {
  if (!layers.length) return null;
  return (
    <Part title="Imported corrections" aside={count(layers.length, "layer")} testid="layers">
      <ul class="layers">
        {layers.map((layer) => (
          <LayerView key={layer.name} layer={layer} />
        ))}
      </ul>
    </Part>
  );
}

function LayerView({
  layer: {
    name,
    corrections: said,
    agreement: { n, same, kappa, rows },
  },
}: {
  layer: Layer;
}) {
  const differing = rows.filter(([a, b]) => a !== b);
  return (
    <li>
      <p>
        <b>
          <Said text={name} />
        </b>{" "}
        <span class="muted">{count(said.length, "correction")}</span>
      </p>
      {n > 0 && (
        <p>
          People and machine agree on{" "}
          <span class="n">
            {same} of {n}
          </span>{" "}
          labels ({percent(same / n)})
          {kappa === null ? "; kappa is not defined here" : `, Cohen's kappa ${kappa.toFixed(2)}: ${kappaWord(kappa)}`}
          {n < FEW && "; so few labels say little"}.
        </p>
      )}
      {differing.length > 0 && (
        <Fold title="Where they differ" aside={count(differing.length, "pair")}>
          {() => (
            <ul>
              {differing.map(([a, b, times]) => (
                <li key={`${a} ${b}`}>
                  <span class="n">{times} ×</span> machine <Label label={a} />, people <Label label={b} />
                </li>
              ))}
            </ul>
          )}
        </Fold>
      )}
    </li>
  );
}
