import { render } from "preact";
import { App } from "./app";
import { embedded } from "./data";
import { follow } from "./address";
import { payload, show } from "./state";

async function start(): Promise<void> {
  payload.value = await embedded();
  if (payload.value) show(0, Math.min(60, payload.value.trace.clip.duration));
  render(<App />, document.getElementById("app")!);
  follow();
}

void start();
