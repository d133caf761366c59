// Setting a label or a speaker right. Nothing leaves the page but the file that is downloaded.
import { effect, signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { added, FORMAT, kept, NEW, standing, typed } from "../../corrections";
import { corrections, payload } from "../../state";
import type { Correction, Utterance } from "../../model";
import { visible } from "../../wording";
import { Imported, Made } from "./corrected";
import { Part } from "./pieces";

const by = signal(""); // who corrects: typed once, kept for the next
const SOMEBODY = `${NEW}?`;

effect(() => {
  // a page with unsaved work asks before it goes
  onbeforeunload = corrections.value.length && corrections.value !== kept.value ? (event) => event.preventDefault() : null;
});

export function Correct({ utterance }: { utterance: Utterance }) {
  const list = corrections.value;
  return (
    <Part title="Set it right" kind="correct" testid="correct">
      <Form key={utterance.id} utterance={utterance} />
      <Imported utterance={utterance} />
      {list.length > 0 && <Made list={list} />}
    </Part>
  );
}

function Form({ utterance }: { utterance: Utterance }) {
  const { trace, layers, labels } = payload.value!;
  const [note, setNote] = useState("");
  const save = (field: Correction["field"], before: string | null, after: string | null) => {
    const made = {
      format: FORMAT,
      clip: trace.clip.id,
      utterance: utterance.id,
      field,
      before,
      after,
      by: typed(by.value),
      note: typed(note),
    } as const;
    corrections.value = added(corrections.value, made);
  };
  const label = standing(trace, layers, utterance.id, "label");
  const person = standing(trace, layers, utterance.id, "person");
  const people = trace.people.map((p): [string, string] => [p.id, visible(p.name ?? p.id)]);
  return (
    <form class="correction" data-testid="correction-form" onSubmit={(event) => event.preventDefault()}>
      <Choice name="Label" field="label" before={label} options={labels.map((l) => [l, l])} none="none of them" save={save} />
      <Choice name="Speaker" field="person" before={person} options={people} none="cannot be said" save={save} more />
      <label>
        Note{" "}
        <input
          value={note}
          maxLength={2000}
          placeholder="why, if you like"
          data-testid="correction-note"
          onInput={(event) => setNote(event.currentTarget.value)}
        />
      </label>
      <label>
        Your name{" "}
        <input
          value={by.value}
          maxLength={200}
          placeholder="optional"
          autoComplete="off"
          data-testid="correction-by"
          onInput={(event) => {
            by.value = event.currentTarget.value;
          }}
        />
      </label>
    </form>
  );
}

function Choice({
  name,
  field,
  before,
  options,
  none,
  save,
  more = false,
}: {
  name: string;
  field: Correction["field"];
  before: string | null;
  options: [string, string][];
  none: string;
  more?: boolean;
  save: (field: Correction["field"], before: string | null, after: string | null) => void;
}) {
  const [chosen, setChosen] = useState(before ?? "");
  const [newcomer, setNewcomer] = useState("");
  const all =
    before !== null && !options.some(([value]) => value === before)
      ? [...options, [before, visible(before.replace(NEW, ""))] as [string, string]]
      : options;
  const named = chosen === SOMEBODY ? typed(newcomer) : chosen;
  const after = chosen === SOMEBODY ? NEW + (named ?? "") : chosen || null;
  return (
    <div class="choice-row">
      <label>
        {name}
        <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)} data-testid={`correction-${field}`}>
          {all.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
          <option value="">{none}</option>
          {more && <option value={SOMEBODY}>somebody else…</option>}
        </select>
      </label>
      {chosen === SOMEBODY && (
        <input
          aria-label="Name of the speaker"
          placeholder="name"
          maxLength={190}
          value={newcomer}
          onInput={(event) => setNewcomer(event.currentTarget.value)}
          data-testid="correction-newcomer"
        />
      )}
      <button
        type="button"
        class="act"
        disabled={chosen === SOMEBODY && !named}
        onClick={() => save(field, before, after)}
        data-testid={`correction-save-${field}`}
      >
        {after === before ? "Confirm" : "Change"}
      </button>
    </div>
  );
}
