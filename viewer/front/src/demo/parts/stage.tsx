// Where one talks: the camera as a mirror, how loud it is, what is going on, and a line to type in.
import { useEffect, useRef, useState } from "preact/hooks";
import { mute } from "../microphone";
import { again, endTurn, typeTurn } from "../session";
import { asked, camera, consent, judging, loudness, microphone, muted, speaking, stage } from "../state";
import { meter } from "../words";
import { Notice } from "./notice";

export function Stage() {
  const { voice, face, text } = consent.value;
  return (
    <section class="stage" aria-label="You">
      {face && <Mirror />}
      <div class="card console">
        <p class="doing" data-testid="doing" data-doing={doing()}>
          <span class={`dot ${doing()}`} aria-hidden="true" /> {SAID[doing()]}
        </p>
        {voice && microphone.value && <Meter />}
        {stage.value === "lost" && (
          <button type="button" class="act primary" onClick={again}>
            Connect again
          </button>
        )}
        {(voice || face) && stage.value === "open" && <Buttons />}
        {text && <Composer />}
        <Notice />
        <p class="small muted">{asked.value.length ? `Agreed to: ${asked.value.map((s) => NAMES[s]).join(", ")}` : ""}</p>
      </div>
    </section>
  );
}

const NAMES = { text: "words", voice: "voice", face: "face" };
const SAID = {
  joining: "Connecting…",
  lost: "Not connected",
  judging: "Judging the turn…",
  speaking: "You are speaking",
  muted: "The microphone is muted",
  listening: "Listening: a short pause ends the turn",
  watching: "The camera is on: type, or end the turn",
  waiting: "Type something",
};

function doing(): keyof typeof SAID {
  if (stage.value === "joining" || stage.value === "lost") return stage.value;
  if (judging.value) return "judging";
  if (microphone.value) return muted.value ? "muted" : speaking.value ? "speaking" : "listening";
  return camera.value ? "watching" : "waiting";
}

function Mirror() {
  const video = useRef<HTMLVideoElement>(null);
  const stream = camera.value;
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return (
    <div class="mirror">
      <video ref={video} muted autoplay playsInline aria-label="Your camera, as in a mirror" data-testid="mirror" />
      {!stream && <p>The camera is off</p>}
    </div>
  );
}

function Meter() {
  const share = muted.value ? 0 : meter(loudness.value);
  return (
    <div class="meter" aria-hidden="true" data-testid="meter">
      <span class={speaking.value ? "on" : ""} style={{ width: `${(share * 100).toFixed(1)}%` }} />
    </div>
  );
}

function Buttons() {
  return (
    <div class="choices">
      {microphone.value && (
        <button type="button" class="act" aria-pressed={muted.value} onClick={() => mute(!muted.value)} data-testid="mute">
          {muted.value ? "Unmute" : "Mute"}
        </button>
      )}
      <button type="button" class="act" onClick={() => endTurn()} data-testid="end-turn">
        End the turn now
      </button>
    </div>
  );
}

function Composer() {
  const [text, setText] = useState("");
  const ready = stage.value === "open" && text.trim() !== "";
  const send = (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    typeTurn(text.trim());
    setText("");
  };
  return (
    <form class="composer" onSubmit={send}>
      <input
        type="text"
        value={text}
        maxLength={4000}
        placeholder={consent.value.voice ? "Or type a turn" : "Type a turn"}
        aria-label="A turn to type"
        onInput={(event) => setText(event.currentTarget.value)}
        data-testid="composer"
      />
      <button type="submit" class="act primary" disabled={!ready}>
        Send
      </button>
    </form>
  );
}
