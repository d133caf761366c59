// A label: colour, pattern and always the word.
import { labelClass } from "../../labels";
import { percent, visible } from "../../wording";
import type { Distribution } from "../../model";
import { Bar, width } from "../basics";

const LONG = 20; // characters of a label that may be broken

export function Swatch({ label }: { label: string | null }) {
  return <span class={`swatch ${labelClass(label)}`} aria-hidden="true" />;
}

export function Label({ label, word = "no label" }: { label: string | null; word?: string }) {
  return (
    <span class={`named${label ? "" : " none"}${(label ?? word).length > LONG ? " long" : ""}`}>
      <Swatch label={label} /> {visible(label ?? word)}
    </span>
  );
}

export function ranked(distribution: Distribution): [string, number][] {
  return Object.entries(distribution).sort((a, b) => b[1] - a[1]);
}

/** A list of labels with bars, most probable first; what is below 1 % is summed up in a line. */
export function Ranking({ distribution, all = false }: { distribution: Distribution; all?: boolean }) {
  const order = ranked(distribution);
  const shown = order.filter(([, share]) => all || share >= 0.01);
  const rest = order.slice(shown.length).map(([label]) => label);
  return (
    <ul class="ranking" aria-label="How probable each label is">
      {shown.map(([label, share]) => (
        <li key={label}>
          <span>{visible(label)}</span>
          <Bar share={share} kind={labelClass(label)} />
          <span class="n">{percent(share)}</span>
        </li>
      ))}
      {rest.length > 0 && <li class="rest">{rest.join(", ")}: less than 1 %</li>}
    </ul>
  );
}

/** All labels in one bar, in the order of the label set. */
export function Stack({ distribution, order }: { distribution: Distribution; order: readonly string[] }) {
  const shown = order.filter((label) => (distribution[label] ?? 0) >= 0.005);
  return (
    <span class="bar mix" aria-hidden="true">
      {shown.map((label) => {
        const share = distribution[label]!;
        return (
          <span key={label} class={labelClass(label)} style={{ width: width(share) }} title={`${label} ${percent(share)}`} />
        );
      })}
    </span>
  );
}
