// Progress while recipes are measured: a bar in a terminal, otherwise a line per recipe on stderr.
import { escapeText } from "../../gpu/foreign-text.ts";
import type { Entry } from "../../runs/recipe-times.ts";
import { terminal } from "../../terminal/ui.ts";
import { timeCells } from "./recipes.ts";

/** Receives progress while recipes are measured. */
export interface RecipeView {
  readonly update: (now: string) => void;
  readonly next: (entry: Entry) => void;
  readonly stop: () => void;
}

/** Opens a view of `total` recipes. Ctrl-C calls `report`, which prints what there is, and ends the process. */
export function createRecipeView(total: number, report: () => void): RecipeView {
  const bars = terminal.bars("{bar} {value}/{total} recipes | {now}");
  const bar = bars?.create(total, 0, { now: "" });
  let done = 0;
  const leave = terminal.stopAtOnce(() => {
    bars?.stop();
    report();
  });
  return {
    update(now) {
      bar?.update(done, { now });
    },
    next({ recipe, timing }) {
      done += 1;
      bar?.update(done);
      if (!bars) console.error(escapeText(`${recipe.name}: ${timeCells(timing).join(", ")}`));
    },
    stop() {
      leave();
      bars?.stop();
    },
  };
}
