import { render } from "preact";
import { watchTheme } from "../theme";
import { App } from "./app";
import { recall } from "./session";

watchTheme();
recall();
render(<App />, document.getElementById("app")!);
