// The page, in the browser: starts the stream and draws. Everything it knows is in state/; what a visitor does goes through api.ts.
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import { render } from "preact";

import { App } from "./app.tsx";
import "./page.css";
import { startStream } from "./state/stream.ts";
import { applyTheme } from "./state/theme.ts";

const root = document.getElementById("page");
if (root !== null) {
  applyTheme();
  render(<App />, root);
  startStream();
}
