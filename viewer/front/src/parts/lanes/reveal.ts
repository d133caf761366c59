// Scrolls the lanes down to what was chosen somewhere else: in the panel, by a key, by the address.
import { cited, evidence, found, selected } from "../../state";
import { plan, whose } from "./plan";

const HEADS = 56; // pixels that the axis and the name of the person cover at the top

let staying = false;
let opened = false;

/** The next choice was made in the lanes themselves, which then stay where they are. */
export function stay(): void {
  staying = true;
  queueMicrotask(() => (staying = false));
}

/** The lanes that show `ids`, else the words of the person who speaks. */
function wanted(ids: readonly string[], utterance: string | null): string[] {
  const lanes = plan.peek().flatMap((group) => group.lanes.map((lane) => ({ lane, person: group.person })));
  const items = ids.flatMap((id) => found.peek().evidence.get(id) ?? []);
  const shown = lanes.filter(({ lane, person }) =>
    items.some(
      (e) =>
        whose(e) === person &&
        (e.kind === "quotation" ? lane.kind === "words" : lane.kind === "findings" && lane.modality === e.modality),
    ),
  );
  if (shown.length) return shown.map(({ lane }) => lane.key);
  const who = utterance === null ? undefined : found.peek().utterances.get(utterance)?.person;
  return who === undefined
    ? []
    : lanes.filter(({ lane, person }) => lane.kind === "words" && person === who).map(({ lane }) => lane.key);
}

/** To be run in an effect: looks at the choice and brings the first lane that shows it into sight, if none is. */
export function reveal(tracks: HTMLElement): void {
  const ids = evidence.value === null ? cited.value : [evidence.value];
  const keys = wanted(ids, selected.value);
  const first = !opened && !location.hash; // the page opens at the top unless its address names a place
  opened = true;
  if (first || staying || !keys.length) return;
  const lanes = [...tracks.querySelectorAll<HTMLElement>("[data-lane]")].filter((e) =>
    keys.includes(e.dataset["lane"]!),
  );
  const area = tracks.getBoundingClientRect();
  const seen = (box: DOMRect) => box.top >= area.top + HEADS - 2 && box.top + 24 <= area.bottom;
  if (!lanes.length || lanes.some((lane) => seen(lane.getBoundingClientRect()))) return;
  tracks.scrollTop += lanes[0]!.getBoundingClientRect().top - area.top - HEADS - 8;
}
