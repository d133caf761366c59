import { render } from "preact";
import { follow } from "./address";
import { App } from "./app";
import { embedded } from "./data";
import { listen } from "./keyboard";
import { listed, payload, selected, show } from "./state";
import { watchTheme } from "./theme";

const ROOM = 36; // pixels for a second, at first: a sentence can be read in its block

/** Seconds that the lanes show at first. */
function opening(): number {
  return Math.max(8, (innerWidth - 150) / ROOM);
}

async function start(): Promise<void> {
  watchTheme();
  payload.value = await embedded();
  if (payload.value) {
    show(0, opening());
    selected.value = listed.value[0]?.id ?? null;
    listen();
  }
  render(<App />, document.getElementById("app")!);
  if (payload.value) follow();
}

void start();
