// `longhand train`: its flags and their help.
import type { Command } from "commander";
import { EVALUATE_COUNT, KEPT_CHECKPOINTS } from "../../runs/defaults.ts";
import { checkTrainFlags } from "../../runs/training/check-flags.ts";
import type { TrainFlags } from "../../runs/training/draft-run.ts";
import {
  adapterOption,
  addRecipeOptions,
  addSharingOptions,
  checkpointOption,
  dataOption,
  explainOption,
  noTransposeOption,
  positive,
  stepsOrEpoch,
  sizeOption,
  transposeOption,
  whole,
} from "../options.ts";

/** Adds `train` to the command line. */
export function addTrain(program: Command): void {
  addSharingOptions(addRecipeOptions(program.command("train")))
    .description("train a GAN, and write a run folder with samples, plots and a checkpoint")
    .option(
      "--epochs <n>",
      "epochs in all, including those before --resume (default: the recipe's)",
      whole(1),
    )
    .option("--steps <n>", "steps in all, instead of epochs", whole(1))
    .option("--minutes <n>", "stop after this many minutes of steps, and save", positive(1e6))
    .option("--batch <n>", "images per step (default: the recipe's)", whole(1))
    .option("--seed <n>", "determines weights, noise, dropout and order (default: 0)", whole(0))
    .option("--out <dir>", "the run folder (default: runs/<recipe>-<n>)")
    .addOption(dataOption("images to train on"))
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .addOption(sizeOption())
    .addOption(adapterOption())
    .option("--sample-every <n>", "also draw a grid every n steps", whole(1))
    .option("--checkpoint-every <n>", "also save a checkpoint every n steps", whole(1))
    .option(
      "--checkpoint-minutes <n>",
      "also save one when this many minutes have passed since the last (default: 5)",
      positive(1e6),
    )
    .option(
      "--check-numerics",
      "if a number isn't finite, repeat the step and name the dispatch that produced it",
    )
    .option(
      "--evaluate-every <n>",
      "judge samples every n steps, or every `epoch`, and keep the best checkpoint as best",
      stepsOrEpoch,
    )
    .option("--evaluate-count <n>", `samples to judge (default: ${EVALUATE_COUNT})`, whole(100))
    .option("--tune [seconds]", "first measure which kernels are fastest (see tune)", whole(1))
    .option("--f16", "store activations in 16 bits, on adapters with shader-f16 (default: 32)")
    .option("--resume <dir>", "go on with the run in this folder")
    .addOption(checkpointOption("with --resume, from which checkpoint: "))
    .option(
      "--keep-checkpoints <k>",
      `how many of the newest checkpoints to keep (default: ${KEPT_CHECKPOINTS}; with --resume, as many as there are)`,
      whole(1),
    )
    .option(
      "--force",
      "overwrite an older run in --out; with --resume, take the run from a process on another machine",
    )
    .addOption(explainOption())
    .option(
      "--profile",
      "time each kernel before the first step, next to the adapter's ceilings; writes roofline.svg",
    )
    .action(async (flags: TrainFlags) => {
      checkTrainFlags(flags);
      const { train } = await import("../actions/train.ts");
      await train(flags);
    });
}
