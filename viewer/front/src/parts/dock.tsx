// The lower half: what is shown and how wide, the whole clip, the lanes.
import { useRef } from "preact/hooks";
import { following, found, show, view } from "../state";
import { zoom } from "../keyboard";
import { clock } from "../wording";
import { Lanes } from "./lanes";
import { folded, hidden, KINDS, plan, toggled } from "./lanes/plan";
import { Legend } from "./legend";
import { Minimap } from "./minimap";

export function Dock() {
  return (
    <section class="dock" aria-label="Timeline">
      <div class="dockbar">
        <Zoom />
        <Choice />
        <Follow />
        <Legend />
      </div>
      <Minimap />
      <Lanes />
    </section>
  );
}

function Zoom() {
  const [from, to] = view.value;
  return (
    <div class="zoom" role="group" aria-label="Window">
      <button
        type="button"
        class="icon"
        onClick={() => zoom(1 / 0.6)}
        title="Wider (−)"
        aria-label="Show more"
        data-testid="zoom-out"
      >
        −
      </button>
      <button
        type="button"
        class="icon"
        onClick={() => zoom(0.6)}
        title="Closer (+)"
        aria-label="Show less, larger"
        data-testid="zoom-in"
      >
        +
      </button>
      <button
        type="button"
        class="quiet"
        onClick={() => show(0, found.value.duration)}
        title="The whole clip (0)"
        data-testid="fit"
      >
        Fit
      </button>
      <span class="n muted range" data-testid="range">
        {clock(from)} – {clock(to)}
      </span>
    </div>
  );
}

function Follow() {
  return (
    <button
      type="button"
      class="quiet"
      aria-pressed={following.value}
      onClick={() => (following.value = !following.value)}
      data-testid="follow"
      title="While the clip plays, the panel shows who speaks (F)"
    >
      Follow
    </button>
  );
}

/** Which kinds of lanes are shown. */
function Choice() {
  const box = useRef<HTMLDetailsElement>(null);
  const leave = (event: FocusEvent) => {
    if (!box.current!.contains(event.relatedTarget as Node | null)) box.current!.open = false;
  };
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !box.current!.open) return;
    event.stopPropagation();
    box.current!.open = false;
    box.current!.querySelector("summary")!.focus();
  };
  return (
    <details class="choice" ref={box} onFocusOut={leave} onKeyDown={escape}>
      <summary class="quiet" data-testid="choice">
        Lanes
      </summary>
      <fieldset class="menu">
        <legend class="sr">Lanes that are shown</legend>
        {KINDS.map(([kind, name]) => (
          <label key={kind}>
            <input
              type="checkbox"
              checked={!hidden.value.has(kind)}
              onChange={() => (hidden.value = toggled(hidden.value, kind))}
            />
            {name}
          </label>
        ))}
        <Fold />
      </fieldset>
    </details>
  );
}

/** Of everybody only words and verdicts, or all lanes again. */
function Fold() {
  const all = plan.value.map((group) => group.key);
  const closed = folded.value.size === all.length;
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => (folded.value = new Set(closed ? [] : all))}
      data-testid="fold-all"
    >
      {closed ? "Unfold everybody" : "Fold everybody"}
    </button>
  );
}
