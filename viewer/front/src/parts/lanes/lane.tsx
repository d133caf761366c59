// One lane: its name and value on the left, what it shows on the right. Nothing is drawn while it is scrolled away.
import { computed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { valueAt } from "../../curves";
import { found, hover, now } from "../../state";
import { capital, number } from "../../wording";
import { Curve } from "./curve";
import { Bolt } from "../bolt";
import { Band, Opinion, Words } from "./insides";
import { Strip } from "./strip";
import type { Block } from "./blocks";
import type { Lane as Planned } from "./plan";
import type { Box } from "./strip";

const instant = computed(() => Math.round((hover.value ?? now.value) * 10) / 10); // curves have ten values a second
const NEAR = "120px"; // beyond the edge of what is seen

export function Lane({ lane, who }: { lane: Planned; who: string }) {
  const [here, near] = useNear();
  return (
    <div
      class={`lane lane-${lane.kind}`}
      ref={here}
      role="group"
      aria-label={`${lane.about}: ${who}`}
      style={{ height: `${lane.height}px` }}
      data-testid="lane"
      data-lane={lane.key}
      data-kind={lane.kind}
    >
      <div class="gutter" title={lane.about}>
        <span class="name">{capital(lane.title)}</span>
        {lane.series && near && <Value lane={lane} />}
      </div>
      <div class="plot">{near && <Inside lane={lane} />}</div>
    </div>
  );
}

/** Whether the element is in sight or nearly so, or has the focus. */
function useNear() {
  const here = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => setNear(entry!.isIntersecting || entry!.target.contains(document.activeElement)),
      { root: here.current!.closest(".tracks"), rootMargin: NEAR },
    );
    observer.observe(here.current!);
    return () => observer.disconnect();
  }, []);
  return [here, near] as const;
}

function Inside({ lane }: { lane: Planned }) {
  if (lane.series) return <Curve lane={lane} />;
  const inside = (block: Block, box: Box) => {
    if (lane.kind === "words") return <Words utterance={found.value.utterances.get(block.utterance)!} box={box} />;
    if (lane.kind === "verdict") return <Band block={block} box={box} />;
    if (lane.kind === "opinion") return <Opinion block={block} box={box} />;
    if (lane.kind === "conflict")
      return (
        <>
          <Bolt />
          {box.width > 60 && <span class="line">{block.text}</span>}
        </>
      );
    return box.width > 26 ? <span class="line">{block.text}</span> : null;
  };
  return <Strip lane={lane} inside={inside} />;
}

/** The value under the pointer or the playhead. */
function Value({ lane }: { lane: Planned }) {
  const series = lane.series!;
  const value = valueAt(series, instant.value);
  const shown =
    value === null
      ? "–"
      : lane.kind === "voice"
        ? `${number(Math.round(value))} ${series.unit}`
        : number(Math.round(value * 100) / 100);
  return <span class="value n">{shown}</span>;
}
