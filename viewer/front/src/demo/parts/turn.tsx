// One turn: what was said, the emotion it expresses, what each source suggests, and why.
import { labelClass } from "../../labels";
import { Axis, Bar, Hint, Part, Said } from "../../parts/basics";
import { Bolt } from "../../parts/bolt";
import { Label, Ranking, Swatch } from "../../parts/panel/label";
import {
  CALIBRATED, capital, conflictTitle, DISPUTES, distance, expressed, percent, POLICIES, signed, SOURCES, visible,
} from "../../wording";
import type { AffectTurn, Turn, Vote } from "../model";
import { typeTurn } from "../session";
import { consent, late, shown, stage, turns } from "../state";
import { against, revised, took, unheard } from "../words";
import { Findings } from "./findings";

const TRIES = ["I won! Can you believe it?", "Oh, great. It broke again.", "Something is moving down there."];

export function TurnView() {
  const turn = shown.value;
  if (!turn) return <Nothing />;
  const { affect } = turn;
  return (
    <article class="panel turn" data-testid="turn" data-turn={affect.turn} aria-label={`Turn ${affect.turn}`}>
      <div class="panel-body">
        <Opening turn={turn} />
        <div class="verdict">
          <Sentence affect={affect} />
          {turn.revision && <p class="small again" data-testid="revision">{revised(turn.revision, affect.label)}</p>}
        </div>
        <div class="columns">
          <div>
            {affect.explanation && <p class="explanation" data-testid="explanation"><Said text={affect.explanation} /></p>}
            {affect.conflict && <Conflict affect={affect} />}
            <Part title="What each source suggests" testid="votes">
              <ul class="opinions">
                {affect.votes.map((vote) => <Voted key={vote.modality} vote={vote} />)}
              </ul>
            </Part>
          </div>
          <div class="numbers">
            {Object.keys(affect.distribution).length > 0 && <Ranking distribution={affect.distribution} />}
            <Scales affect={affect} />
            {affect.trend && <p class="small muted" data-testid="trend">{against(affect.trend, affect.label)}</p>}
          </div>
        </div>
        <Findings key={affect.turn} turn={affect} />
        <p class="small muted foot">{took(affect)}</p>
      </div>
    </article>
  );
}

function Nothing() {
  return (
    <div class="card nothing-yet" data-testid="nothing">
      <p>{consent.value.voice ? "Say" : "Type"} something. What it expresses is shown here, with what each source suggests and the findings it rests on.</p>
      {consent.value.text && (
        <ul class="tries" aria-label="Turns to try">
          {TRIES.map((text) => (
            <li key={text}>
              <button type="button" class="act" disabled={stage.value !== "open"} onClick={() => typeTurn(text)}>{text}</button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Opening({ turn: { affect, text, source } }: { turn: Turn }) {
  const last = turns.value[turns.value.length - 1]?.affect.turn === affect.turn;
  return (
    <div class="opening">
      <p class="who muted">
        <span>Turn {affect.turn}{last ? ", the latest" : ""}</span>
        <span>{text ? (source === "chat" ? "typed" : "as recognised, roughly") : "spoken"}</span>
      </p>
      <blockquote>
        {text ? <h2 class={text.length > 120 ? "long" : ""}>“<Said text={text} />”</h2> : <h2 class="unsaid muted">{unsaid(affect)}</h2>}
      </blockquote>
    </div>
  );
}

function unsaid(affect: AffectTurn): string {
  if (!consent.value.text) return "Words were not agreed to";
  return late(affect).includes("text") ? "The words are still being recognised" : "No words were understood";
}

function Sentence({ affect }: { affect: AffectTurn }) {
  if (!affect.label) {
    return (
      <div class="sentence none" data-testid="sentence">
        <p><Swatch label={null} /> <b>Abstained</b></p>
        <p class="why"><Said text={capital(affect.reason ?? "no reason given")} /></p>
      </div>
    );
  }
  const { before, after } = expressed(affect.label);
  return (
    <p class="sentence" data-testid="sentence" data-label={affect.label}>
      The turn {before}{" "}
      <span class="keep"><Swatch label={affect.label} /> <b>{visible(affect.label)}</b></span>
      {after}
      {affect.confidence !== null && <>, <Hint about="this figure" after={`${percent(affect.confidence)} sure`}>{CALIBRATED}</Hint></>}
    </p>
  );
}

function Voted({ vote }: { vote: Vote }) {
  const share = vote.label ? vote.distribution[vote.label] : undefined;
  return (
    <li data-testid="vote" data-modality={vote.modality}>
      <span class="k">{capital(SOURCES[vote.modality])}</span>
      {vote.label ? (
        <>
          <Bar share={share ?? 0} kind={labelClass(vote.label)} />
          <span class="beside"><Label label={vote.label} />{share !== undefined && <span class="n">{percent(share)}</span>}</span>
          {vote.quality !== null && <span class="quality">its findings are {percent(vote.quality)} reliable</span>}
        </>
      ) : (
        <span class="gap"><Said text={unheard(vote)} /></span>
      )}
    </li>
  );
}

function Conflict({ affect }: { affect: AffectTurn }) {
  const conflict = affect.conflict!;
  return (
    <section class="conflict" aria-label={conflictTitle(conflict)} data-testid="conflict">
      <h3><Bolt /> {conflictTitle(conflict)} <span class="aside">{DISPUTES[conflict.type]}</span></h3>
      <div class="readings">
        {conflict.hypotheses.map((reading) => (
          <div class="reading" key={reading.modality}>
            <p class="k">{capital(SOURCES[reading.modality])}</p>
            <p class="beside"><Label label={reading.label} /><span class="n">{percent(reading.probability)}</span></p>
            <Bar share={reading.probability} kind={labelClass(reading.label)} />
          </div>
        ))}
      </div>
      <p class="small">The readings are {distance(conflict.divergence)}. {POLICIES[conflict.policy] ?? conflict.policy}</p>
    </section>
  );
}

function Scales({ affect: { valence, arousal } }: { affect: AffectTurn }) {
  if (valence === null && arousal === null) return null;
  return (
    <div class="affect">
      <Axis name="Valence" low="unpleasant" high="pleasant" value={valence} shown={valence === null ? "—" : signed(valence)} />
      <Axis name="Arousal" low="calm" high="excited" value={arousal} shown={arousal === null ? "—" : signed(arousal)} />
    </div>
  );
}
