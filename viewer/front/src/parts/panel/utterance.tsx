// One utterance: what was said, what is expressed, how sure, why, and what is against it.
import { useEffect, useRef } from "preact/hooks";
import { current, evidence, found, listed, onlyConflicts, payload, select, selected } from "../../state";
import { seek } from "../../player";
import { TRANSCRIPTS, visible } from "../../wording";
import type { Utterance } from "../../model";
import { Calls } from "./calls";
import { Claims } from "./claims";
import { Conflicts } from "./conflict";
import { Correct } from "./correct";
import { EvidenceList } from "./evidence";
import { Peaks } from "./peak";
import { Name, Said, Time } from "./pieces";
import { Contributions, Opinions } from "./sources";
import { Baseline, VerdictView } from "./verdict";

const LONG = 140; // characters of an utterance from which it is set smaller

export function UtterancePanel() {
  const asked = selected.value === null ? undefined : found.value.utterances.get(selected.value);
  const chosen = asked ?? current.value ?? payload.value!.trace.utterances[0];
  if (!chosen) return <p class="empty">No utterance was found in this clip.</p>;
  return <Details key={chosen.id} utterance={chosen} />;
}

function Details({ utterance }: { utterance: Utterance }) {
  const article = useRef<HTMLElement>(null);
  useEffect(() => {
    // another utterance is read from its beginning, unless one of its findings was asked for
    if (evidence.peek() === null) article.current?.closest(".panel-body")?.scrollTo(0, 0);
  }, [utterance.id]);
  return (
    <article class="utterance" ref={article} data-testid="utterance" data-utterance={utterance.id}>
      <Head utterance={utterance} />
      <div class="columns">
        <div class="said-of">
          <VerdictView utterance={utterance} />
        </div>
        <div class="why-of">
          <Claims utterance={utterance} />
          <Conflicts utterance={utterance} />
          <Correct utterance={utterance} />
        </div>
        <div class="seen-of">
          <Peaks utterance={utterance} />
          <Opinions utterance={utterance} />
          <Baseline utterance={utterance} />
          <Contributions utterance={utterance} />
        </div>
      </div>
      <EvidenceList utterance={utterance} />
      <Calls calls={found.value.calls.get(utterance.id) ?? []} />
    </article>
  );
}

function Head({ utterance }: { utterance: Utterance }) {
  return (
    <header class="opening">
      <p class="who">
        <b>
          <Name person={utterance.person} />
        </b>{" "}
        <Time at={utterance.span.start} to={utterance.span.end} />
        <span class="muted small">{TRANSCRIPTS[utterance.source] ?? visible(utterance.source)}</span>
        <Steps utterance={utterance} />
      </p>
      {utterance.text.trim() ? (
        <blockquote>
          <h2 class={utterance.text.length > LONG ? "long" : ""}>
            “<Said text={utterance.text.trim()} />”
          </h2>
        </blockquote>
      ) : (
        <h2 class="muted unsaid">No words were recognised here.</h2>
      )}
    </header>
  );
}

function Steps({ utterance }: { utterance: Utterance }) {
  const all = listed.value;
  const at = all.findIndex((u) => u.id === utterance.id);
  const beside = (by: number) => (at < 0 ? all.find((u) => (u.span.start - utterance.span.start) * by > 0) : all[at + by]);
  const go = (other: Utterance | undefined) => {
    if (!other) return;
    select(other.id);
    seek(other.span.start);
  };
  const what = onlyConflicts.value ? "conflict" : "utterance";
  return (
    <span class="steps">
      <button type="button" onClick={() => go(beside(-1))} disabled={!beside(-1)} aria-label={`Previous ${what}`}>
        ‹
      </button>
      <span class="muted n">{at >= 0 && `${at + 1} of ${all.length}`}</span>
      <button type="button" onClick={() => go(beside(1))} disabled={!beside(1)} aria-label={`Next ${what}`}>
        ›
      </button>
    </span>
  );
}
