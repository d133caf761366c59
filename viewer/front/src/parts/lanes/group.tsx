// The lanes of one person under their name.
import { useState } from "preact/hooks";
import { count } from "../../wording";
import { folded, hidden, picked, shownUnits, toggled } from "./plan";
import { Lane } from "./lane";
import type { Group as Planned } from "./plan";

export function Group({ group }: { group: Planned }) {
  const closed = folded.value.has(group.key);
  const fold = () => (folded.value = toggled(folded.value, group.key));
  const [findings, others] = [
    group.lanes.filter((l) => l.kind === "findings"),
    group.lanes.filter((l) => l.kind !== "findings"),
  ];
  const drawn = (lanes: typeof others) => lanes.map((lane) => <Lane key={lane.key} lane={lane} who={group.name} />);
  return (
    <section class="group" aria-label={group.name} data-testid="group" data-person={group.person ?? ""}>
      <h3 class="person">
        <button type="button" class="fold" aria-expanded={!closed} onClick={fold} data-testid="fold">
          <svg class="chevron" viewBox="0 0 10 10" aria-hidden="true">
            <path d="M2 3l3 4 3-4" />
          </svg>
          <bdi>{group.name}</bdi>
        </button>
        <span class="muted told">{group.told}</span>
      </h3>
      {drawn(others)}
      {!closed && !hidden.value.has("unit") && group.units.length > 0 && <Units group={group} />}
      {drawn(findings)}
    </section>
  );
}

/** Which action units are drawn: the strongest unless somebody chose. */
function Units({ group }: { group: Planned }) {
  const [open, setOpen] = useState(false);
  const shown = shownUnits(group);
  const rest = group.units.length - shown.size;
  const all = [...group.units].sort((a, b) => Number(a.name.slice(2)) - Number(b.name.slice(2)));
  const pick = (name: string) => (picked.value = new Map(picked.value).set(group.key, [...toggled(shown, name)]));
  return (
    <div class="units">
      <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="units">
        {open ? "Done" : rest > 0 ? `+ ${count(rest, "more action unit")}` : "Action units"}
      </button>
      {open &&
        all.map(({ name, title }) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={shown.has(name)}
            title={title}
            onClick={() => pick(name)}
          >
            {name} <span class="muted">{title}</span>
          </button>
        ))}
    </div>
  );
}
