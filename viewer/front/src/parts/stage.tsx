// The video with its captions, or a clock where there is none; beneath it what is said at the moment.
import { useEffect, useRef } from "preact/hooks";
import { addCaptions } from "../captions";
import { labelClass } from "../labels";
import { attach, broken, listeners, pause, seek, speed, step, toggle } from "../player";
import { current, found, now, payload, playing, select } from "../state";
import { clock, percent, verdictName } from "../wording";
import { nameOf } from "./panel/pieces";

export function Stage() {
  const { video, trace } = payload.value!;
  return (
    <section class="stage" aria-label="The clip">
      {video !== null && !broken.value ? <Screen address={video} sound={trace.clip.video === null} /> : <NoVideo />}
      <Card />
    </section>
  );
}

function Screen({ address, sound }: { address: string; sound: boolean }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current!;
    attach(video);
    addCaptions(video, payload.value!.trace.utterances, found.value);
    if (now.peek() > 0) video.currentTime = now.peek();
    return () => attach(null);
  }, [address]);
  return (
    <div class={`screen${sound ? " sound" : ""}`}>
      {sound && (
        <p class="instant n" aria-hidden="true">
          {clock(now.value)}
        </p>
      )}
      <video
        ref={element}
        src={address}
        controls
        playsInline
        preload="metadata"
        data-testid="video"
        aria-label="The clip"
        {...listeners}
      />
    </div>
  );
}

function NoVideo() {
  const { duration } = found.value;
  const missing = broken.value
    ? `The clip could not be played from ${payload.value!.video}.`
    : "This report has no video beside it.";
  return (
    <div class="screen clock" data-testid="clock">
      <p class="instant n">{clock(now.value)}</p>
      <div class="transport">
        <button type="button" class="icon" onClick={() => step(-1)} aria-label="Back 1 s" title="Back 1 s (←)">
          −1
        </button>
        <button
          type="button"
          class="icon play"
          onClick={toggle}
          aria-label={playing.value ? "Pause" : "Play"}
          data-testid="play"
        >
          <svg class="pict" viewBox="0 0 16 16" aria-hidden="true">
            <path d={playing.value ? "M5 3v10M11 3v10" : "M4.5 2.5v11l9-5.5z"} />
          </svg>
        </button>
        <button type="button" class="icon" onClick={() => step(1)} aria-label="On 1 s" title="On 1 s (→)">
          +1
        </button>
      </div>
      <input
        type="range"
        min={0}
        max={duration}
        step={0.1}
        value={now.value}
        aria-label="Time"
        aria-valuetext={clock(now.value)}
        onInput={(event) => {
          pause();
          seek(event.currentTarget.valueAsNumber);
        }}
      />
      <p class="muted">{missing} The lanes keep time without it.</p>
    </div>
  );
}

/** The utterance at the playhead; a click opens it in the panel. */
function Card() {
  const said = current.value;
  const verdict = said ? found.value.verdicts.get(said.id) : undefined;
  const label = verdict?.label ?? null;
  return (
    <button
      type="button"
      class="said"
      onClick={() => said && select(said.id)}
      disabled={!said}
      data-testid="card"
      title="What is said now; open it"
    >
      <Time />
      {said ? (
        <span class="quote">
          <b>
            <bdi>{nameOf(said.person)}</bdi>
          </b>{" "}
          <span dir="auto">{said.text || "no words were recognised"}</span>
        </span>
      ) : (
        <span class="quote muted">Nothing is said yet</span>
      )}
      {said && (
        <span class="mood">
          <span class={`swatch ${labelClass(label)}`} />
          {verdictName(verdict)}
          {verdict?.confidence != null && <span class="n muted"> {percent(verdict.confidence)}</span>}
        </span>
      )}
    </button>
  );
}

function Time() {
  return (
    <span class="instant n" data-testid="time">
      {clock(now.value)}
      {playing.value && speed.value !== 1 && (
        <small>{speed.value < 0 ? `◀ ${-speed.value}×` : `▶ ${speed.value}×`}</small>
      )}
    </span>
  );
}
