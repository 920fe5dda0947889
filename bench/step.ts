// `npm run bench -- step`: measures a training step in all rows of the goals, counted from outside.
import { chosenRecipe, type RecipeFlags } from "../src/runs/config.ts";
import { titleOf } from "../src/runs/constants.ts";
import { batchOf, browserArena, ON_NODE, type Remote } from "./contestants/start.ts";
import type { StepReply } from "./contestants/messages.ts";
import { UsageError } from "../src/gpu/errors.ts";
import { cells, rowsOf, type StepFigures } from "./goals.ts";
import {
  interruption,
  median,
  progress,
  progressDone,
  table,
  writeReport,
  checkReport,
} from "./reports.ts";

/** The command's flags. */
export interface StepFlags extends RecipeFlags {
  /** Default 32, in a browser 8. */
  readonly batch?: number;
  readonly steps: number;
  readonly cold?: boolean;
  readonly browser?: boolean;
  readonly adapter?: string;
  readonly json?: string;
}

/** Returns the table's figures from a process's steps, its peak, and the first steps of other processes. */
export function figuresOf(
  steps: readonly StepReply[],
  report: Awaited<ReturnType<Remote["report"]>>,
  first: { readonly warm?: number | undefined; readonly cold?: number | undefined },
): StepFigures {
  const {
    dispatches,
    submits,
    passes,
    buffers,
    bufferBytes,
    bindGroups,
    pipelines,
    uploadedBytes,
  } = steps.at(-1)!.counts;
  const { multiplyAdds, peakBytes } = report;
  return {
    steady: median(steps.map(({ milliseconds }) => milliseconds)),
    warm: first.warm,
    cold: first.cold,
    dispatches,
    submits,
    passes,
    buffers,
    bufferBytes,
    bindGroups,
    pipelines,
    uploadedBytes,
    peakBytes,
    multiplyAdds: multiplyAdds && multiplyAdds.done / multiplyAdds.needed,
  };
}

/** Measures the step and prints its table. */
export async function stepCommand(flags: StepFlags): Promise<void> {
  checkReport(flags.json);
  const { width, config, adapter } = flags;
  const chosen = await chosenRecipe(flags);
  if (flags.browser && config !== undefined) {
    throw new UsageError("--config: a page can't read files; leave out --config or --browser");
  }
  const recipe = titleOf(chosen);
  const batch = batchOf(flags);
  const options = { name: "longhand", recipe: chosen.name, width, config, batch, adapter } as const;
  const stop = interruption();
  const arena = flags.browser ? await browserArena(["longhand"]) : ON_NODE;
  const firstStep = async (cold: boolean): Promise<number> => {
    progress(`first step, ${cold ? "cold" : "warm"}: in a new process`);
    const fresh = await arena.start(options, cold);
    try {
      return (await fresh.first()).milliseconds;
    } finally {
      fresh.stop();
    }
  };
  progress("the first step compiles: some seconds, up to a minute on a busy machine");
  let remote: Remote | undefined;
  try {
    remote = await arena.start(options);
    await remote.first(); // this warms the driver's cache
    const steps: StepReply[] = [];
    while (steps.length < flags.steps && !(stop.asked() && steps.length > 0)) {
      steps.push(await remote.step());
      progress(
        `step ${steps.length} of ${flags.steps}: ${steps.at(-1)!.milliseconds.toFixed(0)} ms`,
      );
    }
    const report = await remote.report();
    remote.stop();
    const warm = stop.asked() ? undefined : await firstStep(false);
    const cold = flags.cold && !stop.asked() ? await firstStep(true) : undefined;
    progressDone();

    const figures = figuresOf(steps, report, { warm, cold });
    console.log(`${recipe}, batch ${batch}, one step on ${remote.adapter}`);
    console.log(table(["", "measured", "goal", ""], rowsOf(figures, batch).map(cells)));
    if (!flags.cold) console.log("The cold first step is measured with --cold.");
    const times = steps.map(({ milliseconds }) => milliseconds);
    const { lossD, lossG } = report;
    writeReport(flags.json, "step", {
      adapter: remote.adapter,
      recipe,
      batch,
      ...figures,
      times,
      lossD,
      lossG,
    });
  } finally {
    remote?.stop();
    await arena.close();
    stop.forget();
  }
}
