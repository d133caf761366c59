// Small things that know nothing of the page they stand on.
import { useId, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { percent, visible } from "../wording";

/** Text that a stranger wrote: a text node whose writing direction stays its own. */
export function Said({ text }: { text: string }) {
  return <bdi>{visible(text)}</bdi>;
}

/** A share of 0 to 1 as a bar; its number always stands beside it. `kind`: a class that colours it. */
export function Bar({ share, kind = "plain" }: { share: number; kind?: string }) {
  return (
    <span class="bar" aria-hidden="true">
      <span class={kind} style={{ width: width(share) }} />
    </span>
  );
}

export function width(share: number): string {
  return `${(Math.max(0, Math.min(1, share)) * 100).toFixed(2)}%`;
}

/** How much a finding can bear. */
export function Reliability({ value }: { value: number }) {
  return (
    <span class="reliability" title={`Reliability ${value.toFixed(2)} of 1`}>
      <span class="sr">Reliability </span>
      <Bar share={value} />
      <span class="n">{percent(value)}</span>
    </span>
  );
}

/** A value of -1 to 1 on a line between two words. */
export function Axis({
  name,
  low,
  high,
  value,
  shown,
}: {
  name: string;
  low: string;
  high: string;
  value: number | null;
  shown: string;
}) {
  return (
    <div class="scale">
      <span class="k">{name}</span>
      <span class="end">{low}</span>
      <svg aria-hidden="true">
        <line x1="0" x2="100%" y1="50%" y2="50%" />
        <line x1="50%" x2="50%" y1="15%" y2="85%" />
        {value !== null && <circle cx={`${(value + 1) * 50}%`} cy="50%" r="4.5" />}
      </svg>
      <span class="end">{high}</span>
      <span class="n">{shown}</span>
    </div>
  );
}

/** A question mark that opens an explanation below. `after`: the words that it stands behind, on the same line. */
export function Hint({ about, after, children }: { about: string; after?: string; children: string }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <span class="keep">
        {after && <span class="n">{after} </span>}
        <button
          type="button"
          class="hint"
          aria-expanded={open}
          aria-controls={id}
          aria-label={`What is ${about}?`}
          title={children}
          onClick={() => setOpen(!open)}
        >
          ?
        </button>
      </span>
      <span id={id} role="note" class="explained" hidden={!open}>
        {children}
      </span>
    </>
  );
}

/** A heading with what belongs to it. */
export function Part({
  title,
  aside,
  children,
  kind = "",
  testid,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  kind?: string;
  testid?: string;
}) {
  const id = useId();
  return (
    <section class={`part ${kind}`} aria-labelledby={id} data-testid={testid}>
      <h3 id={id}>
        {title}
        {aside && <span class="aside">{aside}</span>}
      </h3>
      {children}
    </section>
  );
}

/** What opens on demand; its inside is made only then. */
export function Fold({
  title,
  aside,
  open = false,
  children,
  testid,
}: {
  title: ComponentChildren;
  aside?: ComponentChildren;
  open?: boolean;
  children: () => ComponentChildren;
  testid?: string;
}) {
  const [shown, setShown] = useState(open);
  return (
    <details class="opens" open={open} data-testid={testid} onToggle={(event) => event.currentTarget.open && setShown(true)}>
      <summary>
        {title}
        {aside && <span class="aside">{aside}</span>}
      </summary>
      {shown && children()}
    </details>
  );
}

/** Pairs of a word and what it stands for. */
export function Facts({ items }: { items: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {items.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
