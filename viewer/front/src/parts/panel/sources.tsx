// What each source suggests on its own, and what a language model's verdict would be without it.
import { found, payload } from "../../state";
import type { Opinion, Utterance } from "../../model";
import { capital, NO_REASON, percent, SOURCES, visible, withoutSource } from "../../wording";
import { strongest } from "../../labels";
import { Label, Stack, Swatch } from "./label";
import { Part } from "./pieces";
import { Chips, Looked } from "./evidence";
import { groups } from "../../trace";
import { computed } from "@preact/signals";

const added = computed(() => groups(payload.value?.trace.contributions ?? [], (c) => c.utterance));

export function Opinions({ utterance }: { utterance: Utterance }) {
  const all = found.value.opinions.get(utterance.id) ?? [];
  if (!all.length) return null;
  const order = Object.keys(SOURCES);
  const sorted = [...all].sort((a, b) => order.indexOf(a.modality) - order.indexOf(b.modality));
  return (
    <Part title="Each source on its own" aside="blind to the others" testid="opinions">
      <ul class="opinions">
        {sorted.map((opinion) => (
          <Row key={opinion.modality} opinion={opinion} />
        ))}
      </ul>
    </Part>
  );
}

function Row({ opinion }: { opinion: Opinion }) {
  const best = strongest(opinion.distribution);
  const name = <span class="k">{capital(SOURCES[opinion.modality])}</span>;
  if (opinion.abstained || !best) {
    return (
      <li class="abstained">
        {name}
        <span class="gap">abstained: {visible(opinion.reason ?? NO_REASON)}</span>
      </li>
    );
  }
  return (
    <li>
      {name}
      <Stack distribution={opinion.distribution} order={payload.value!.labels} />
      <span class="beside">
        <Label label={best[0]} />
        <span class="n">{percent(best[1])}</span>
      </span>
      {opinion.cites.length > 0 && <Chips ids={opinion.cites} of={opinion.utterance} place={opinion.modality} />}
      <Looked ids={opinion.cites} of={opinion.utterance} place={opinion.modality} />
    </li>
  );
}

export function Contributions({ utterance }: { utterance: Utterance }) {
  const all = added.value.get(utterance.id) ?? [];
  if (!all.length) return null;
  return (
    <Part title="What each source adds" aside="the model asked again without it">
      <ul class="contributions">
        {all.map((each) => (
          <li key={each.modality} class={each.flipped ? "doubt" : ""}>
            <span class="k">{capital(SOURCES[each.modality])}</span>
            <Swatch label={each.label} /> <span>{withoutSource(each)}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
