// The page's beginning: puts it together and opens the lab.
import "./strict.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { workOffline } from "./offline/register.ts";
import { start } from "./state/actions.ts";
import { followColours } from "./state/colours.ts";
import { followKeeping } from "./state/kept.ts";
import { followHiding } from "./state/hidden.ts";
import { followSight } from "./state/sight.ts";
import { followTitle } from "./state/title.ts";
import { adapter, autostart, openLab } from "./state/state.ts";

followSight();
render(<App />, document.querySelector("#page")!);
followTitle();
followHiding();
workOffline();
await openLab();
if (adapter.value) {
  followColours();
  followKeeping();
  if (autostart) await start();
}
