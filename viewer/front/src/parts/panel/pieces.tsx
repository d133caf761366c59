// The small things that all panels are made of.
import { pictures } from "../../data";
import { seek } from "../../player";
import { found, select } from "../../state";
import { clock, NOBODY, shorten, visible } from "../../wording";
import { Said } from "../basics";

export * from "../basics";

const LONGEST = 40; // characters of a name

/** The name of a person, as text. */
export function nameOf(person: string | null): string {
  if (person === null) return NOBODY;
  return found.value.people.find((p) => p?.id === person)?.name ?? person;
}

export function Name({ person }: { person: string | null }) {
  const name = visible(nameOf(person));
  return <bdi title={name.length > LONGEST ? name : undefined}>{shorten(name, LONGEST)}</bdi>;
}

/** A time that one can go to. */
export function Time({ at, to }: { at: number; to?: number }) {
  const text = to === undefined ? clock(at) : `${clock(at)}–${clock(to)}`;
  return (
    <button type="button" class="time n" onClick={() => seek(at)} title={`Go to ${clock(at)}`} data-seek={at}>
      {text}
    </button>
  );
}

/** A way to another utterance, with the beginning of its words. */
export function ToUtterance({ id, quote = true, who = true }: { id: string; quote?: boolean; who?: boolean }) {
  const utterance = found.value.utterances.get(id);
  if (!utterance) return <code>{visible(id)}</code>;
  const go = () => {
    select(id);
    seek(utterance.span.start);
  };
  return (
    <button type="button" class="link" onClick={go} data-utterance={id}>
      <span class="n">{clock(utterance.span.start)}</span>
      {who && (
        <>
          {" "}
          <Name person={utterance.person} />
        </>
      )}
      {quote && utterance.text.trim() && (
        <span class="muted">
          {" "}
          “<Said text={shorten(utterance.text.trim(), 44)} />”
        </span>
      )}
    </button>
  );
}

let known: Map<string, string> | null = null;

/** The address of a picture of the trace. */
export function picture(ref: string | null): string | undefined {
  known ??= new Map(Object.entries(pictures()));
  return ref === null ? undefined : known.get(ref);
}
