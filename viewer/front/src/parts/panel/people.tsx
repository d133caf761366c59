// Emotion over time for each person: what is expressed how often, where it shifts, and what goes before it.
import { computed } from "@preact/signals";
import { courses, path, smoothed, ties } from "../../people";
import { found, now, onlyConflicts, payload, select } from "../../state";
import { seek } from "../../player";
import type { Course, Tie, Turn } from "../../people";
import { labelClass } from "../../labels";
import { clock, count, percent, spell, verdictName, visible } from "../../wording";
import { Label } from "./label";
import { Fold, Name, nameOf, Part, ToUtterance, width } from "./pieces";

const SOME = 6; // shifts that are listed at once
const FINE = 60; // utterances up to which the line goes through each of them
const all = computed(() => courses(payload.value!.trace, found.value).filter((c) => c.turns.length));
const tied = computed(() => ties(payload.value!.trace, found.value));

export function PeoplePanel() {
  if (!all.value.length) return <p class="empty">Nobody speaks in this clip.</p>;
  return (
    <div class="people" data-testid="people">
      {all.value.map((course) => (
        <One key={course.person} course={course} />
      ))}
      <Ties ties={tied.value} />
    </div>
  );
}

function One({ course }: { course: Course }) {
  const { person, turns, seconds, shares, shifts, conflicts } = course;
  const aside = `${count(turns.length, "utterance")}, ${spell(seconds)} of speech`;
  return (
    <section class="part one" aria-label={nameOf(person)} data-testid="person">
      <h3>
        <Name person={person} />
        <span class="aside">{aside}</span>
      </h3>
      <Shares shares={shares} />
      <Chart turns={turns} who={nameOf(person)} />
      <div class="lists">
        <List
          title="Shifts"
          ids={shifts.map((v) => v.utterance)}
          line={(id) => {
            const { before, after } = found.value.verdicts.get(id)!.shift!;
            return (
              <>
                <Label label={before} /> → <Label label={after} />
              </>
            );
          }}
        />
        <List
          title="Sources disagree"
          ids={conflicts}
          line={(id) => {
            const verdict = found.value.verdicts.get(id);
            return <Label label={verdict?.label ?? null} word={verdictName(verdict)} />;
          }}
        />
      </div>
    </section>
  );
}

function Shares({ shares }: { shares: [string | null, number][] }) {
  return (
    <div class="shares">
      <span class="bar mix" aria-hidden="true">
        {shares.map(([label, share]) => (
          <span key={label} class={labelClass(label)} style={{ width: width(share) }} />
        ))}
      </span>
      <ul aria-label="Share of utterances">
        {shares.map(([label, share]) => (
          <li key={label}>
            <Label label={label} /> <span class="n muted">{percent(share)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Chart({ turns, who }: { turns: Turn[]; who: string }) {
  const duration = found.value.duration;
  const go = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * duration;
    const nearest = turns.reduce((best, turn) => (far(turn, at) < far(best, at) ? turn : best));
    select(nearest.utterance.id);
    seek(nearest.utterance.span.start);
  };
  const over = turns.length <= FINE ? 1 : 2 * Math.round(turns.length / FINE) + 1;
  return (
    <figure class="course">
      <div class="chart" onClick={go} role="img" aria-label={described(turns, who)}>
        <Lines turns={turns} duration={duration} over={over} />
        <div class="ribbon">
          {turns.map(({ utterance, verdict }) => (
            <span
              key={utterance.id}
              class={`${labelClass(verdict?.label)}${onlyConflicts.value && !found.value.conflicts.has(utterance.id) ? " dim" : ""}`}
              style={{
                left: width(utterance.span.start / duration),
                width: width((utterance.span.end - utterance.span.start) / duration),
              }}
              title={visible(`${clock(utterance.span.start)} ${verdictName(verdict)}: ${utterance.text}`)}
            />
          ))}
        </div>
        <Playhead duration={duration} />
      </div>
      <figcaption class="muted small">
        <span>
          <i class="stroke valence" /> valence
        </span>
        <span>
          <i class="stroke arousal" /> arousal{over > 1 && `, each the mean of ${over} utterances`}
        </span>
        <span class="ends n">
          <span>0:00</span>
          <span>{clock(duration)}</span>
        </span>
      </figcaption>
    </figure>
  );
}

function far({ utterance: { span } }: Turn, at: number): number {
  return Math.max(span.start - at, at - span.end, 0);
}

function described(turns: Turn[], who: string): string {
  const values = turns.flatMap(({ verdict }) => verdict?.valence ?? []);
  const mean = values.length
    ? `; mean valence ${(values.reduce((a, b) => a + b, 0) / values.length).toFixed(2)} on a scale from -1 to 1`
    : "";
  return `Labels, valence and arousal of ${visible(who)} over the clip, ${count(turns.length, "utterance")}${mean}. The same as text: Table.`;
}

/** Valence and arousal between -1 (bottom) and 1 (top); gaps where there is no value. */
function Lines({ turns, duration, over }: { turns: Turn[]; duration: number; over: number }) {
  const line = (pick: "valence" | "arousal") => {
    const values = smoothed(
      turns.map(({ verdict }) => verdict?.[pick] ?? null),
      over,
    );
    return path(
      values.map((v, i) => {
        const { span } = turns[i]!.utterance;
        return v === null ? null : [(500 * (span.start + span.end)) / duration, 50 - 46 * v];
      }),
    );
  };
  return (
    <div class="lines">
      <span class="hi">pleasant, excited</span>
      <span class="lo">unpleasant, calm</span>
      <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" x2="1000" y1="50" y2="50" />
        <path class="arousal" d={line("arousal")} />
        <path class="valence" d={line("valence")} />
      </svg>
    </div>
  );
}

function Playhead({ duration }: { duration: number }) {
  return <span class="at" style={{ left: width(now.value / duration) }} />;
}

function List({ title, ids, line }: { title: string; ids: string[]; line: (id: string) => preact.ComponentChildren }) {
  const listed = onlyConflicts.value ? ids.filter((id) => found.value.conflicts.has(id)) : ids;
  if (!listed.length) return null;
  const items = (some: string[]) => (
    <ul>
      {some.map((id) => (
        <li key={id}>
          <ToUtterance id={id} quote={false} who={false} /> {line(id)}
        </li>
      ))}
    </ul>
  );
  return (
    <div class="list">
      <h4>
        {title} <span class="aside n">{listed.length}</span>
      </h4>
      {items(listed.slice(0, SOME))}
      {listed.length > SOME && (
        <Fold title={`${count(listed.length - SOME, "more")}`.replace("mores", "more")}>{() => items(listed.slice(SOME))}</Fold>
      )}
    </div>
  );
}

function Ties({ ties }: { ties: Tie[] }) {
  if (!ties.length) return null;
  return (
    <Part title="What goes before what" aside="likely causes, as the verdicts name them" testid="ties">
      <ul class="ties-list">
        {ties.slice(0, 12).map(({ from, to, times, labels }) => (
          <li key={`${from} ${to}`}>
            <p>
              <b>
                <Name person={from} />
              </b>{" "}
              →{" "}
              <b>
                <Name person={to} />
              </b>{" "}
              <span class="n muted">{times} ×</span>
              {from === to && <span class="muted"> (own words before)</span>}
            </p>
            <ul>
              {labels.slice(0, 4).map(([before, after, n]) => (
                <li key={`${before} ${after}`}>
                  <Label label={before} /> → <Label label={after} /> <span class="n muted">{n} ×</span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Part>
  );
}
