// What `inspect` shows while a run goes on: stages as they are reported by server-sent events.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Progress } from "../../model";
import { doing, reached, spell, visible } from "../../wording";
import { Bar } from "./pieces";

const progress = signal<Progress | null>(null);
const lost = signal(false);

export function Live() {
  useEffect(listen, []);
  const told = progress.value;
  return (
    <main class="live" data-testid="live">
      <h1>{told?.failed ? "The analysis failed" : told?.done ? "The analysis is done" : "The analysis is going on"}</h1>
      {told && (
        <p class="muted">
          <bdi>{visible(told.clip)}</bdi>
          {told.duration !== null && (
            <>
              , <span class="n">{spell(told.duration)}</span>
            </>
          )}
        </p>
      )}
      {told?.failed && (
        <p class="failed" role="alert">
          <bdi>{visible(told.failed)}</bdi>
        </p>
      )}
      {lost.value && !told?.done && (
        <p class="doubt" role="status">
          The connection is lost; trying again. Is <code>emoagent inspect</code> still running?
        </p>
      )}
      {told ? <Stages told={told} /> : !lost.value && <p class="muted">Waiting for the first sign of it…</p>}
      {told && !told.failed && (
        <p class="muted small">
          {told.done
            ? "The report is being opened."
            : "Further stages appear as they begin; the report opens here when it is done."}
        </p>
      )}
    </main>
  );
}

function Stages({ told }: { told: Progress }) {
  return (
    <ul class="stages" aria-label="Stages">
      {told.stages.map((stage) => {
        const [share, state, note] = reached(stage, told.duration, told.failed !== null);
        return (
          <li key={stage.name} class={state === "done" ? "done" : ""} data-testid="stage">
            <span>{doing(stage.name)}</span>
            <Bar share={share} />
            <span class="n">{state}</span>
            <span class="n muted">{note}</span>
          </li>
        );
      })}
    </ul>
  );
}

function listen(): () => void {
  const source = new EventSource("progress");
  source.onopen = () => {
    lost.value = false;
  };
  source.onerror = () => {
    lost.value = true;
  };
  source.onmessage = (event) => {
    progress.value = JSON.parse(event.data as string) as Progress;
    if (!progress.value.done && !progress.value.failed) return;
    source.close();
    if (progress.value.done) location.reload();
  };
  return () => source.close();
}
