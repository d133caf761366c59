// The keys. While somebody types, or a dialog is open, they belong to that.
import { helping } from "./parts/panel/help";
import { frames, pause, seek, shuttle, step, toggle } from "./player";
import {
  cited,
  evidence,
  following,
  found,
  listed,
  now,
  onlyConflicts,
  panel,
  select,
  selected,
  show,
  view,
} from "./state";
import { zoomed } from "./windows";

type Keys = Record<string, (event: KeyboardEvent) => void>;

const KEYS: Keys = {
  j: () => shuttle(-1),
  k: () => pause(),
  l: () => shuttle(1),
  " ": () => toggle(),
  ArrowLeft: (event) => step(event.shiftKey ? -5 : -1),
  ArrowRight: (event) => step(event.shiftKey ? 5 : 1),
  ",": () => frames(-1),
  ".": () => frames(1),
  ArrowUp: () => turn(-1),
  ArrowDown: () => turn(1),
  p: () => turn(-1),
  n: () => turn(1),
  c: () => (onlyConflicts.value = !onlyConflicts.value && found.value.conflicts.size > 0),
  f: () => (following.value = !following.value),
  t: () => (panel.value = panel.value === "table" ? "utterance" : "table"),
  "+": () => zoom(0.6),
  "=": () => zoom(0.6),
  "-": () => zoom(1 / 0.6),
  "0": () => show(0, found.value.duration),
  Home: () => seek(0),
  End: () => seek(found.value.duration),
  "?": () => (helping.value = true),
  Escape: () => release(),
};

/** Zooms around the playhead where it is in view, else around the middle. */
export function zoom(factor: number): void {
  const [from, to] = view.value;
  const anchor = now.value >= from && now.value <= to ? now.value : (from + to) / 2;
  show(...zoomed(view.value, factor, anchor));
}

/** The next or the previous utterance of those that are listed. */
export function turn(by: 1 | -1): void {
  const all = listed.value;
  const at = all.findIndex((u) => u.id === selected.value);
  const next = at < 0 ? nearest(by) : all[at + by];
  if (!next) return;
  select(next.id);
  seek(next.span.start);
}

function nearest(by: 1 | -1) {
  const all = listed.value;
  if (by > 0) return all.find((u) => u.span.start >= now.value) ?? all[all.length - 1];
  return [...all].reverse().find((u) => u.span.start <= now.value) ?? all[0];
}

/** Escape: first the marks go, then the selection. */
function release(): void {
  if (cited.value.length || evidence.value !== null) {
    cited.value = [];
    evidence.value = null;
  } else select(null);
}

const TYPED =
  "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable], dialog[open]";
const OWN_SPACE = "button, a, summary, input, video, [role=button], [role=tab]";
const OWN_ARROWS =
  "video, input, [role=tab], [role=slider], [role=separator], [role=radiogroup] *, " +
  ".panel :is([role=tabpanel], [role=region], pre):focus"; // what scrolls, where it has the focus itself

/** Whether the key belongs to what has the focus. */
export function taken(key: string, target: Element | null): boolean {
  if (!target) return false;
  if (target.closest(TYPED)) return true;
  if (key === " " || key === "Enter") return target.closest(OWN_SPACE) !== null;
  if (key.startsWith("Arrow") || key === "Home" || key === "End") return target.closest(OWN_ARROWS) !== null;
  return false;
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || taken(event.key, event.target instanceof Element ? event.target : null)) return;
  event.preventDefault();
  act(event);
}

export function listen(): void {
  addEventListener("keydown", pressed);
}
