import { render } from "preact";
import { follow } from "./address";
import { App } from "./app";
import { embedded } from "./data";
import { listen } from "./keyboard";
import { listed, payload, selected, show } from "./state";
import { watchTheme } from "./theme";

const OPENING = 60; // seconds that the lanes show at first

async function start(): Promise<void> {
  watchTheme();
  payload.value = await embedded();
  if (payload.value) {
    show(0, OPENING);
    selected.value = listed.value[0]?.id ?? null;
    listen();
  }
  render(<App />, document.getElementById("app")!);
  if (payload.value) follow();
}

void start();
