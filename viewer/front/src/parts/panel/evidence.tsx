// Evidence: the chips that cite it, and the list of what was found, source by source.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { seek } from "../../player";
import { cited, evidence as looked, found, panel, point } from "../../state";
import type { Evidence, Measure, Modality, Utterance } from "../../model";
import { capital, count, evidenceName, measured, plain, reliability, SOURCES, visible } from "../../wording";
import { Name, Part, picture, Reliability, Said, Time } from "./pieces";

const ORDER: Modality[] = ["text", "face", "voice", "behavior", "dialogue"];
const opened = signal<{ place: string; id: string } | null>(null); // the chip that shows its finding, where it stands

interface Cited {
  ids: readonly string[];
  of: string;
  place: string;
}

/** Marks `ids` in the lanes while something is hovered or focused; gives back what to do when that ends. */
export function marks(ids: readonly string[]) {
  const on = () => {
    cited.value = ids;
  };
  const off = () => {
    cited.value = looked.value === null ? [] : [looked.value];
  };
  return { onMouseEnter: on, onFocus: on, onMouseLeave: off, onBlur: off };
}

/** Selects a piece of evidence and goes to where it begins. `open`: shows its utterance in the panel. */
export function visit(item: Evidence, open = true): void {
  const before = panel.value;
  point(item.id);
  if (!open) panel.value = before;
  seek(item.span.start);
}

/** The same without leaving the utterance that is looked at: for what an explanation cites from before it. */
function glance(item: Evidence): void {
  looked.value = item.id;
  cited.value = [item.id];
  seek(item.span.start);
}

function release(): void {
  looked.value = null;
  cited.value = [];
}

/** A link to a piece of evidence, or the id of one that is not there. */
function Chip({ id, of, place, unknown }: { id: string; of: string; place: string; unknown: boolean }) {
  const item = found.value.evidence.get(id);
  if (!item || unknown) {
    return (
      <span class="cite unknown" data-testid="unknown-chip" title="No such evidence is about this utterance">
        {visible(id)} <span class="doubt">unknown</span>
      </span>
    );
  }
  const go = () => {
    const again = looked.value === id && opened.value?.place === place;
    opened.value = again ? null : { place, id };
    if (again) release();
    else if (item.utterance === of) visit(item);
    else glance(item);
  };
  return (
    <button
      type="button"
      class={`cite m-${item.modality}`}
      data-testid="chip"
      data-evidence={id}
      data-seek={item.span.start}
      aria-pressed={looked.value === id}
      title={visible(item.finding)}
      onClick={go}
      {...marks([id])}
    >
      {visible(evidenceName(id, of))}
    </button>
  );
}

/** Links to pieces of evidence. `of`: the utterance that is looked at; `place`: where they stand on the page. */
export function Chips({ ids, of, place, unknown = [] }: Cited & { unknown?: readonly string[] }) {
  return (
    <span class="chips">
      {ids.map((id) => (
        <Chip key={id} id={id} of={of} place={place} unknown={unknown.includes(id)} />
      ))}
    </span>
  );
}

/** All evidence of an utterance. */
export function EvidenceList({ utterance }: { utterance: Utterance }) {
  const all = found.value.of.get(utterance.id) ?? [];
  if (!all.length)
    return (
      <Part title="Evidence">
        <p class="muted">No evidence was found for this utterance.</p>
      </Part>
    );
  const groups = ORDER.map((source) => [source, all.filter((e) => e.modality === source)] as const);
  return (
    <Part title="Evidence" aside={count(all.length, "finding")} kind="evidence" testid="evidence">
      {groups
        .filter(([, items]) => items.length)
        .map(([source, items]) => (
          <Source key={source} source={source} items={items} utterance={utterance} />
        ))}
    </Part>
  );
}

function Source({ source, items, utterance }: { source: Modality; items: Evidence[]; utterance: Utterance }) {
  const makers = [...new Set(items.map((e) => `${e.producer.name} ${e.producer.version}`))];
  const saw = items.filter((e) => e.saw_text).length;
  const blind = saw === 0 ? "made without the words" : saw === items.length ? "made from the words" : `${saw} saw the words`;
  return (
    <section class={`source m-${source}`}>
      <h4>
        {capital(SOURCES[source])}{" "}
        <span class="aside">
          {makers.join(", ")} · {blind}
        </span>
      </h4>
      <ul>
        {items.map((item) => (
          <Finding key={item.id} item={item} utterance={utterance} />
        ))}
      </ul>
    </section>
  );
}

function Finding({ item, utterance }: { item: Evidence; utterance: Utterance }) {
  const row = useRef<HTMLLIElement>(null);
  const on = looked.value === item.id;
  useEffect(() => {
    if (on && opened.peek()?.id !== item.id) row.current?.scrollIntoView({ block: "nearest" });
  }, [on]);
  return (
    <li
      ref={row}
      class={on ? "finding on" : "finding"}
      data-testid="evidence-row"
      data-evidence={item.id}
      {...marks([item.id])}
    >
      <Time at={item.span.start} to={item.span.end} />
      <div>
        <button type="button" class="text" onClick={() => visit(item)} aria-pressed={on}>
          <Said text={item.finding} />
        </button>
        {item.person !== null && item.person !== utterance.person && (
          <span class="muted">
            {" "}
            Of <Name person={item.person} />.
          </span>
        )}
        <Measures measures={item.measures} />
        <Shot item={item} />
      </div>
      <Reliability value={item.reliability} />
    </li>
  );
}

function Shot({ item }: { item: Evidence }) {
  const address = item.kind.startsWith("caption") ? picture(item.media_ref) : undefined;
  return address ? <img class="thumb" src={address} alt={`Frame that ${item.id} describes`} loading="lazy" /> : null;
}

function Measures({ measures }: { measures: Record<string, Measure> }) {
  const names = Object.entries(measures);
  if (!names.length) return null;
  return (
    <ul class="measures">
      {names.map(([name, measure]) => {
        const [value, unit] = measured(measure);
        return (
          <li key={name}>
            {name !== measure.unit && visible(plain(name))} <b class="n">{value}</b> <span class="unit">{visible(unit)}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** What a chip stands for, in full, where the chip is. */
export function Looked({ ids, of, place }: Cited) {
  const { value: id } = looked;
  const here = id !== null && ids.includes(id) && opened.value?.id === id && opened.value.place === place;
  const item = here ? found.value.evidence.get(id) : undefined;
  if (!item) return null;
  return (
    <div class={`glance m-${item.modality}`} data-testid="looked">
      <p>
        <Said text={item.finding} />
      </p>
      <Measures measures={item.measures} />
      <p class="muted small">
        {capital(SOURCES[item.modality])}, <Time at={item.span.start} to={item.span.end} />
        {item.person !== null && (
          <>
            , of <Name person={item.person} />
          </>
        )}
        , reliability {reliability(item.reliability)} ({item.reliability.toFixed(2)} of 1), by {item.producer.name}{" "}
        {item.producer.version}
        {item.saw_text ? ", which saw the words" : ", which did not see the words"}. <code>{visible(item.id)}</code>
        {item.utterance !== of && " It is about an earlier utterance."}
      </p>
    </div>
  );
}
