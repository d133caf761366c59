// The bar at the top: which clip, what was found, and the few switches that hold for the whole page.
import { useState } from "preact/hooks";
import { here } from "../address";
import { FILE, jsonl, kept } from "../corrections";
import { corrections, found, onlyConflicts, panel, payload } from "../state";
import { clock, count } from "../wording";
import { Bolt } from "./bolt";
import { Icon, ThemeSwitch } from "./icon";
import { helping } from "./panel/help";

export function Header() {
  const { clip } = payload.value!.trace;
  return (
    <header class="top">
      <button
        type="button"
        class="skip"
        onClick={() => document.querySelector<HTMLElement>(".tracks [tabindex='0']")?.focus()}
      >
        To the lanes
      </button>
      <h1 title={clip.name}>
        <bdi>{clip.name}</bdi>
      </h1>
      <p class="tally muted">
        <Tally />
      </p>
      <div class="switches">
        <Conflicts />
        <Corrections />
        <CopyLink />
        <ThemeSwitch />
        <button
          type="button"
          class="icon"
          onClick={() => (helping.value = true)}
          data-testid="help-open"
          title="Keys (?)"
          aria-label="Keys"
        >
          ?
        </button>
      </div>
    </header>
  );
}

function Tally() {
  const { trace } = payload.value!;
  const judged = trace.verdicts.filter((v) => v.label !== null).length;
  const faults = trace.faults.length;
  return (
    <>
      <span class="n">{clock(found.value.duration)}</span> · {count(trace.utterances.length, "utterance")}, {judged}{" "}
      with a label
      {faults > 0 && (
        <>
          {" "}
          ·{" "}
          <button type="button" class="fault" onClick={() => (panel.value = "provenance")}>
            {count(faults, "fault")}
          </button>
        </>
      )}
    </>
  );
}

function Conflicts() {
  const amount = found.value.conflicts.size;
  const all = payload.value!.trace.utterances.length;
  return (
    <button
      type="button"
      class="filter"
      aria-pressed={onlyConflicts.value}
      data-testid="conflict-filter"
      title="Only utterances whose sources disagree (C)"
      disabled={!amount}
      onClick={() => (onlyConflicts.value = !onlyConflicts.value)}
    >
      <Bolt />
      <span class="wide">Conflicts </span>
      <span class="n">
        {amount} of {all}
      </span>
    </button>
  );
}

/** How many corrections wait to be downloaded; none, no button. */
function Corrections() {
  const list = corrections.value;
  if (!list.length) return null;
  const download = () => {
    const address = URL.createObjectURL(new Blob([jsonl(list)], { type: "application/x-ndjson" }));
    Object.assign(document.createElement("a"), { href: address, download: FILE }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    kept.value = list;
  };
  return (
    <button
      type="button"
      class="filter correct"
      onClick={download}
      data-testid="corrections-download"
      title={`Download ${FILE}`}
    >
      <svg class="pict" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 2v8M4.5 6.5L8 10l3.5-3.5M2.5 13.5h11" />
      </svg>
      <span class="n">{list.length}</span>
      <span class="wide"> {list.length === 1 ? "correction" : "corrections"}</span>
    </button>
  );
}

function CopyLink() {
  const [done, setDone] = useState(false);
  const copy = async () => {
    const address = location.href.replace(/#.*$/, "") + here();
    try {
      await navigator.clipboard.writeText(address);
    } catch {
      prompt("The link to what is shown", address); // the clipboard needs https or a permission
    }
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button
      type="button"
      class="icon"
      onClick={() => void copy()}
      data-testid="copy-link"
      title="Copy the link to what is shown"
      aria-label={done ? "The link is copied" : "Copy the link to what is shown"}
    >
      <Icon name={done ? "done" : "link"} />
    </button>
  );
}
