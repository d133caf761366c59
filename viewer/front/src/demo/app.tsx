// The demo's page: what is asked first, then the conversation, then what is left of it.
import { ThemeSwitch } from "../parts/icon";
import { Ask } from "./parts/ask";
import { Ended } from "./parts/ended";
import { Remove } from "./parts/remove";
import { Stage } from "./parts/stage";
import { Strip } from "./parts/strip";
import { TurnView } from "./parts/turn";
import { session, stage, turns } from "./state";
import { announced } from "./words";

export function App() {
  const last = turns.value[turns.value.length - 1];
  return (
    <div class="demo">
      <header class="top">
        <h1>emoagent <span class="muted">live</span></h1>
        <div class="switches">
          {session.value && stage.value !== "ended" && <Remove />}
          <ThemeSwitch />
        </div>
      </header>
      <main>
        {stage.value === "ended" ? <Ended /> : stage.value === "asking" ? <Ask /> : <Talk />}
      </main>
      <p class="sr" role="status" data-testid="announced">{last && announced(last.affect)}</p>
    </div>
  );
}

function Talk() {
  return (
    <div class="talk" data-testid="talk">
      <Stage />
      <div class="heard">
        <Strip />
        <TurnView />
      </div>
    </div>
  );
}
