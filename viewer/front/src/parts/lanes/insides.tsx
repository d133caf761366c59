// What stands inside the blocks of the lanes.
import { computed } from "@preact/signals";
import { labelClass } from "../../labels";
import { current, now } from "../../state";
import { percent } from "../../wording";
import type { Utterance, Word } from "../../model";
import type { Block } from "./blocks";
import type { Box } from "./strip";

const LETTER = 7.2; // pixels that a letter takes, about

/** The text, or each word at its own time where there is room for it. */
export function Words({ utterance, box }: { utterance: Utterance; box: Box }) {
  const { text, words, span } = utterance;
  const roomy = words.length > 0 && (span.end - span.start) * box.scale > text.length * LETTER * 1.25;
  if (box.width < 14) return null;
  if (!roomy)
    return (
      <span class="line" dir="auto">
        {text}
      </span>
    );
  const left = span.start * box.scale;
  return (
    <>
      {words.map((word, i) => (
        <Spoken key={i} word={word} left={word.span.start * box.scale - left} scale={box.scale} />
      ))}
    </>
  );
}

/** The word that is being said. */
const spoken = computed<Word | null>(
  () => current.value?.words.find((w) => now.value >= w.span.start && now.value < w.span.end) ?? null,
);

function Spoken({ word, left, scale }: { word: Word; left: number; scale: number }) {
  const doubt = word.probability !== null && word.probability < 0.5;
  const style = { left: `${left}px`, width: `${(word.span.end - word.span.start) * scale}px` };
  return (
    <span class={`word${spoken.value === word ? " spoken" : ""}${doubt ? " unsure" : ""}`} style={style} dir="auto">
      {word.text}
    </span>
  );
}

/** The probabilities as a band, the label at the bottom; the line across is the calibrated confidence. */
export function Band({ block, box }: { block: Block; box: Box }) {
  const { verdict, label } = block;
  if (!verdict || !label)
    return <span class="label-none fill">{box.width > 76 && <span class="tag">{block.text}</span>}</span>;
  const rest = Object.entries(verdict.distribution)
    .filter(([name, share]) => name !== label && share >= 0.04)
    .sort((a, b) => b[1] - a[1]);
  return (
    <>
      <span class="stack">
        <span class={labelClass(label)} style={{ height: `${block.share * 100}%` }} />
        {rest.map(([name, share]) => (
          <span key={name} class={`${labelClass(name)} less`} style={{ height: `${share * 100}%` }} />
        ))}
      </span>
      {verdict.confidence !== null && <span class="sureness" style={{ bottom: `${verdict.confidence * 100}%` }} />}
      {box.width > 44 && (
        <span class={`tag ${labelClass(label)}`}>
          {label}
          {box.width > 96 && <> {percent(block.share)}</>}
        </span>
      )}
    </>
  );
}

/** The label that one source alone suggests; the fainter, the less probable. */
export function Opinion({ block, box }: { block: Block; box: Box }) {
  if (block.label === null) return box.width > 70 ? <span class="silent">abstained</span> : null;
  return (
    <>
      <span class={`fill ${labelClass(block.label)}`} style={{ opacity: String(0.3 + 0.7 * block.share) }} />
      {box.width > 44 && (
        <span class={`tag ${labelClass(block.label)}`}>
          {block.text}
          {box.width > 96 && <> {percent(block.share)}</>}
        </span>
      )}
    </>
  );
}
