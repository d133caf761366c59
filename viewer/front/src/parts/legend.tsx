// What the colours and patterns stand for.
import { labelClass } from "../labels";
import { payload } from "../state";
import { Bolt } from "./bolt";

export function Legend() {
  const { trace, labels } = payload.value!;
  const used = new Set(trace.verdicts.flatMap((v) => (v.label === null ? [] : [v.label])));
  const shown = [...labels.filter((l) => used.has(l)), ...[...used].filter((l) => !labels.includes(l)).sort()];
  return (
    <ul class="legend" aria-label="Key">
      {shown.map((label) => (
        <li key={label}>
          <span class={`swatch ${labelClass(label)}`} />
          {label}
        </li>
      ))}
      {trace.verdicts.some((v) => v.label === null) && (
        <li>
          <span class="swatch label-none" />
          no label
        </li>
      )}
      {trace.conflicts.length > 0 && (
        <li>
          <Bolt />
          sources disagree
        </li>
      )}
    </ul>
  );
}
