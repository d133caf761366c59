// The edge between the upper half and the lanes, to be dragged or moved by the arrow keys.
import { signal } from "@preact/signals";

export const share = signal(52); // percent of the height that the lanes take
const [LEAST, MOST] = [20, 80];

function set(percent: number): void {
  share.value = Math.min(MOST, Math.max(LEAST, percent));
}

export function Splitter() {
  const drag = (event: PointerEvent) => {
    const edge = event.currentTarget as HTMLElement;
    if (event.type === "pointerdown") edge.setPointerCapture(event.pointerId);
    else if (edge.hasPointerCapture(event.pointerId)) set(100 * (1 - event.clientY / innerHeight));
  };
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowUp: 4, ArrowDown: -4 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    set(share.value + by);
  };
  return (
    <div
      class="splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label="Height of the lanes"
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={Math.round(share.value)}
      onPointerDown={drag}
      onPointerMove={drag}
      onKeyDown={keys}
      data-testid="splitter"
    />
  );
}
