// Asked before anything is opened: which senses, and said: what happens with what they give.
import { CAVEAT, LAW } from "../../wording";
import { join, remove } from "../session";
import { agreed, earlier, key, place } from "../state";
import type { Sense } from "../model";
import { SENSES } from "../model";
import { ASKED, days, startWith } from "../words";
import { Notice } from "./notice";

export function Ask() {
  const any = SENSES.some((sense) => agreed.value[sense]);
  const start = (event: Event) => {
    event.preventDefault();
    if (any) join(agreed.value);
  };
  return (
    <form class="ask card" onSubmit={start} data-testid="ask">
      <h2>What may be analysed?</h2>
      <p class="lead">
        Talk or type, and each turn is given the emotion it expresses, how sure that is, and why. Nothing is opened, and
        nothing is sent, before you start.
      </p>
      <fieldset>
        <legend class="sr">What may be analysed</legend>
        {SENSES.map((sense) => (
          <Switch key={sense} sense={sense} />
        ))}
      </fieldset>
      {place.value.context && (
        <p class="notice">
          This server is set up for a {place.value.context} context: by policy it reads words only.
        </p>
      )}
      {place.value.key && <Key />}
      <Notice />
      <button type="submit" class="act primary start" disabled={!any} data-testid="start">
        {startWith(agreed.value)}
      </button>
      <Kept />
      {earlier.value && <Earlier name={earlier.value} />}
      <p class="small muted">{CAVEAT}</p>
      <p class="small muted">{LAW}</p>
    </form>
  );
}

function Switch({ sense }: { sense: Sense }) {
  const { title, opens, what } = ASKED[sense];
  const barred = place.value.context !== null && sense !== "text";
  return (
    <label class="consent">
      <input
        type="checkbox"
        role="switch"
        checked={agreed.value[sense]}
        disabled={barred}
        onChange={(event) => (agreed.value = { ...agreed.value, [sense]: event.currentTarget.checked })}
        data-testid={`consent-${sense}`}
      />
      <span>
        <b>{title}</b> <span class="aside">{opens}</span>
        <span class="what">{what}</span>
      </span>
    </label>
  );
}

function Key() {
  return (
    <label class="keyed">
      Key of this server
      <input
        type="password"
        autocomplete="off"
        value={key.value}
        onInput={(event) => (key.value = event.currentTarget.value)}
        data-testid="key"
      />
    </label>
  );
}

function Kept() {
  const { local, keep_days } = place.value;
  return (
    <ul class="kept">
      <li>{local ? "Everything stays on this computer." : `Everything is sent to ${location.host}, and to nobody else.`}</li>
      <li>Kept: your words, what was found in voice and face as sentences and numbers, and the labels. Not kept: sound, pictures, anything that would tell you again.</li>
      <li>It is deleted {days(keep_days)} after its last use, or at once when you say so.</li>
    </ul>
  );
}

function Earlier({ name }: { name: string }) {
  return (
    <p class="earlier" data-testid="earlier">
      A conversation from before is still kept.{" "}
      <button type="button" class="act" onClick={() => void remove(name)} data-testid="remove-earlier">
        Delete it
      </button>
    </p>
  );
}
