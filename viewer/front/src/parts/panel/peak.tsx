// The frame of the strongest moment, with the face that was found drawn over it.
import { signal } from "@preact/signals";
import { valueAt } from "../../curves";
import { points } from "../../data";
import { found, payload } from "../../state";
import type { Peak, Utterance } from "../../model";
import { clock, visible } from "../../wording";
import { Bar, nameOf, Part, picture, Time } from "./pieces";

const drawn = signal(true);
const MOST = 6; // action units beside the picture

export function Peaks({ utterance }: { utterance: Utterance }) {
  const shown = (found.value.peaks.get(utterance.id) ?? []).filter((p) => picture(p.picture));
  if (!shown.length) return null;
  return (
    <Part title="Peak frame" testid="peak" aside={shown.some((peak) => peak.points) && <Switch />}>
      {shown.map((peak) => (
        <Frame key={`${peak.person} ${peak.time}`} peak={peak} />
      ))}
    </Part>
  );
}

function Switch() {
  const flip = () => {
    drawn.value = !drawn.value;
  };
  return (
    <label class="tick">
      <input type="checkbox" checked={drawn.value} onChange={flip} /> outline of the face
    </label>
  );
}

function Frame({ peak }: { peak: Peak }) {
  const who = nameOf(peak.person);
  return (
    <figure class="peak">
      <div class="shot">
        <img src={picture(peak.picture)} alt={`Frame at ${clock(peak.time)}: ${visible(who)}`} decoding="async" />
        {drawn.value && peak.points && <Drawing peak={peak} />}
      </div>
      <figcaption>
        <p>
          <bdi>{visible(who)}</bdi> at <Time at={peak.time} />
        </p>
        <Units peak={peak} />
      </figcaption>
    </figure>
  );
}

/** Contours as fractions of the picture: one unit is its whole width and height. The box is in the picture itself. */
function Drawing({ peak }: { peak: Peak }) {
  const found = points(peak);
  const path = payload
    .value!.contours.map((line) => line.flatMap((i) => (found[i] ? [found[i]] : [])))
    .filter((line) => line.length > 1)
    .map((line) => `M${line.map(([x, y]) => `${x.toFixed(4)} ${y.toFixed(4)}`).join("L")}`)
    .join("");
  return (
    <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true" data-testid="contour">
      <path class="under" d={path} />
      <path d={path} />
    </svg>
  );
}

/** The strongest action units of this moment. */
function Units({ peak }: { peak: Peak }) {
  const units = (found.value.series.get(peak.person) ?? [])
    .filter((s) => s.kind === "action_unit")
    .map((s) => ({ s, value: valueAt(s, peak.time) ?? 0 }))
    .filter(({ value }) => value >= 0.5)
    .sort((a, b) => b.value - a.value)
    .slice(0, MOST);
  if (!units.length) return null;
  return (
    <ul class="peak-units" aria-label="Action units at this moment">
      {units.map(({ s, value }) => (
        <li key={s.id}>
          <span>
            {s.name} <span class="muted">{s.title}</span>
          </span>
          <Bar share={value / (s.high || 5)} />
          <span class="n" title={s.unit}>
            {value.toFixed(1)} of {s.high || 5}
          </span>
        </li>
      ))}
    </ul>
  );
}
