// `longhand evaluate`: how good a run's digits are.
import type { Command } from "commander";
import type { EvaluateRequest } from "../../runs/evaluation/evaluate.ts";
import { requireRun } from "../../runs/require-run.ts";
import { terminal } from "../../terminal/ui.ts";
import {
  adapterOption,
  checkpointOption,
  dataOption,
  MOST_SAMPLES,
  noTransposeOption,
  transposeOption,
  whole,
} from "../options.ts";

/** Adds `evaluate` to the command line. */
export function addEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("say how good a run's digits are: figures next to those of known sets, and a page")
    .argument("<run>", "a run folder")
    .option("--count <n>", "how many samples (default: 10000)", whole(2, MOST_SAMPLES))
    .option("--seed <n>", "the seed of the latents (default: 1)", whole(0))
    .option("--neighbours <n>", "how many neighbours make a neighbourhood (default: 5)", whole(1))
    .addOption(dataOption("images to compare with", "the run's, else MNIST"))
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .addOption(checkpointOption())
    .option("--out <dir>", "where to write (default: RUN/evaluation, or RUN/evaluation-best)")
    .option(
      "--json <file>",
      "where to write the figures as JSON (default: evaluation.json in --out)",
    )
    .addOption(adapterOption())
    .action(async (run: string, flags: EvaluateRequest) => {
      requireRun(run);
      const { evaluateRun } = await import("../../runs/evaluation/evaluate.ts");
      await evaluateRun(terminal, run, flags);
    });
}
