// The page: the bar, the clip beside the panel, the lanes beneath.
import { Dock } from "./parts/dock";
import { Header } from "./parts/header";
import { Panel } from "./parts/panel";
import { Help } from "./parts/panel/help";
import { Live } from "./parts/panel/progress";
import { share, Splitter } from "./parts/splitter";
import { Stage } from "./parts/stage";
import { payload } from "./state";

export function App() {
  if (!payload.value) return <Live />;
  return (
    <div class="app" style={{ "--dock": `${share.value}%` }}>
      <Header />
      <main>
        <div class="upper">
          <Stage />
          <Panel />
        </div>
        <Splitter />
        <Dock />
      </main>
      <Help />
    </div>
  );
}
