// What lies across all lanes: the time axis, the selected utterance, the pointer's hairline and the playhead.
import { seek } from "../../player";
import { found, hover, now, selected, view } from "../../state";
import { place, tickStep, ticks } from "../../windows";
import { clock } from "../../wording";
import { secondsAt, width } from "./size";

export function Axis() {
  const [from, to] = view.value;
  const across = width.value;
  const scrub = (event: PointerEvent) => {
    const area = event.currentTarget as HTMLElement;
    if (event.type === "pointerdown") area.setPointerCapture(event.pointerId);
    else if (!area.hasPointerCapture(event.pointerId)) return;
    seek(secondsAt(event.clientX, area.getBoundingClientRect()));
  };
  return (
    <div class="axis" aria-hidden="true">
      <div class="gutter" />
      <div class="plot scrub" onPointerDown={scrub} onPointerMove={scrub} data-testid="axis">
        {ticks(view.value, across).map((second) => (
          <span key={second} class="mark-line n" style={{ left: `${((second - from) / (to - from)) * across}px` }}>
            {short(second, tickStep(view.value, across))}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The time of a mark: tenths only where marks lie closer than a second. */
function short(seconds: number, step: number): string {
  const whole = clock(seconds);
  return step < 1 ? whole : whole.slice(0, whole.lastIndexOf("."));
}

export function Overlay() {
  return (
    <>
      <div class="overlay under" aria-hidden="true">
        <Selected />
      </div>
      <div class="overlay" aria-hidden="true">
        <Hair />
        <Playhead />
      </div>
    </>
  );
}

function across(seconds: number): number | null {
  const [from, to] = view.value;
  return seconds < from || seconds > to ? null : ((seconds - from) / (to - from)) * width.value;
}

function Selected() {
  const chosen = selected.value === null ? undefined : found.value.utterances.get(selected.value);
  if (!chosen || chosen.span.end < view.value[0] || chosen.span.start > view.value[1]) return null;
  const box = place(chosen.span, view.value, width.value);
  return <div class="selection" style={{ left: `${box.left}px`, width: `${box.width}px` }} />;
}

function Hair() {
  const left = hover.value === null ? null : across(hover.value);
  if (left === null) return null;
  return (
    <div class="hair" style={{ transform: `translateX(${left}px)` }}>
      <span class="n">{clock(hover.value!)}</span>
    </div>
  );
}

function Playhead() {
  const left = across(now.value);
  return left === null ? null : (
    <div class="playhead" style={{ transform: `translateX(${left}px)` }} data-testid="playhead" />
  );
}
