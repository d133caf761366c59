// What stands beside the lanes: tabs after the ARIA pattern, of which one is open.
import { computed } from "@preact/signals";
import { useRef } from "preact/hooks";
import { panel, payload } from "../../state";
import { target } from "./keys";
import { ComparePanel } from "./compare";
import { PeoplePanel } from "./people";
import { ProvenancePanel } from "./provenance";
import { TablePanel } from "./table";
import { UtterancePanel } from "./utterance";

type Tab = typeof panel.value;
const ALL: [Tab, string, () => preact.JSX.Element | null][] = [
  ["utterance", "Utterance", UtterancePanel],
  ["people", "People", PeoplePanel],
  ["table", "Table", TablePanel],
  ["compare", "Compare", ComparePanel],
  ["provenance", "Provenance", ProvenancePanel],
];
const tabs = computed(() => ALL.filter(([id]) => id !== "compare" || payload.value?.others.length));

export function Panel() {
  if (!payload.value) return null;
  const [open, title, View] = tabs.value.find(([id]) => id === panel.value) ?? tabs.value[0]!;
  return (
    <section class="panel" aria-label="Details" data-testid="panel">
      <Tabs open={open} />
      <div class="panel-body" role="tabpanel" id={`panel-${open}`} aria-labelledby={`tab-${open}`} tabIndex={0} key={open}>
        {open !== "utterance" && <h2 class="sr">{title}</h2>}
        <View />
      </div>
    </section>
  );
}

function Tabs({ open }: { open: Tab }) {
  const list = useRef<HTMLDivElement>(null);
  const key = (event: KeyboardEvent) => {
    const to = target(
      event.key,
      tabs.value.findIndex(([id]) => id === open),
      tabs.value.length,
    );
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    panel.value = tabs.value[to]![0];
    list.current?.querySelectorAll("button")[to]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Details" ref={list} onKeyDown={key}>
      {tabs.value.map(([id, title]) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === open}
          aria-controls={id === open ? `panel-${id}` : undefined}
          tabIndex={id === open ? 0 : -1}
          onClick={() => {
            panel.value = id;
          }}
          data-testid={`tab-${id}`}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
