// The lanes of all people on one time axis: scrolls down by itself, moves in time by dragging, zooms by ctrl and wheel.
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { onlyConflicts } from "../../state";
import { area, gestures } from "./gestures";
import { Group } from "./group";
import { Axis, Overlay } from "./overlay";
import { plan } from "./plan";
import { reveal } from "./reveal";
import { width } from "./size";

export function Lanes() {
  const sheet = useRef<HTMLDivElement>(null);
  useEffect(() => measure(sheet.current!), []);
  useEffect(() => gestures(sheet.current!), []);
  useSignalEffect(() => reveal(sheet.current!.parentElement!));
  const empty = plan.value.every((group) => group.lanes.every((lane) => !lane.count && !lane.series));
  return (
    <div class="tracks" data-testid="lanes" role="region" aria-label="Lanes" tabIndex={-1}>
      <div class="sheet" ref={sheet}>
        <Axis />
        {empty && (
          <p class="nothing">
            {onlyConflicts.value ? "No utterance is in conflict." : "No utterance was found in this clip."}
          </p>
        )}
        {!empty && plan.value.map((group) => <Group key={group.key} group={group} />)}
        <Overlay />
      </div>
    </div>
  );
}

function measure(sheet: HTMLElement): () => void {
  const observer = new ResizeObserver(() => (width.value = Math.max(40, area(sheet).width)));
  observer.observe(sheet);
  return () => observer.disconnect();
}
