// `longhand judge`: trains a classifier of digits, and keeps it for every command that judges.
import type { Command } from "commander";
import { GOAL } from "../../judge/designs.ts";
import {
  findKept,
  formatAccuracy,
  judgeCommandFor,
  trainAndKeep,
} from "../../runs/evaluation/judges.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import {
  adapterOption,
  dataOption,
  noTransposeOption,
  requireEnding,
  transposeOption,
  whole,
} from "../options.ts";
import { withDevice } from "../../runs/session.ts";

/** The flags of `judge`. */
export interface JudgeFlags {
  readonly second?: boolean;
  readonly epochs?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly data?: string;
  readonly transpose?: boolean;
  readonly adapter?: string;
  readonly force?: boolean;
}

/** Trains a judge unless one is kept. Throws a `LonghandError` for everything that a person can mend. */
export async function judgeCommand(flags: JudgeFlags): Promise<void> {
  const { second = false, force = false, out } = flags;
  if (out !== undefined) requireEnding("--out", out, ".safetensors");
  const which = second ? "second" : "first";
  const { path, value: kept, trouble } = await findKept(which, out, force);
  if (trouble !== undefined) print(`${trouble}: the ${which} judge is trained again.`);
  if (kept) {
    const { accuracy, seed, epochs, adapter, fingerprint } = kept;
    const short = accuracy < GOAL ? `, below the goal of ${(GOAL * 100).toFixed(1)} %` : "";
    print(
      `The ${which} judge is already kept: ${formatAccuracy(accuracy)} of the test images right${short}; seed ${seed}, ${epochs} epochs, trained on ${adapter}, fingerprint ${fingerprint}. ${path}`,
    );
    print(`To train it again: ${judgeCommandFor(which)}`);
    return;
  }
  await withDevice(flags.adapter, async (device, opened) => {
    print(opened.line);
    await trainAndKeep(terminal, device, { which, adapterName: opened.name, ...flags });
  });
}

/** Adds `judge` to the command line. */
export function addJudge(program: Command): void {
  program
    .command("judge")
    .description("train the classifier that judges digits, and keep it; takes a few minutes, once")
    .option("--second", "train the second judge, with another seed and another architecture")
    .option(
      "--epochs <n>",
      "how often it sees the training images (default: 3; --second: 4)",
      whole(1),
    )
    .option(
      "--seed <n>",
      "determines weights, dropout and order (default: the judge's own)",
      whole(0),
    )
    .option("--out <file>", "where to keep it (default: the user's cache folder)")
    .addOption(dataOption("labelled IDX files, training and test"))
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .option("--force", "train it again, and replace the one that is kept")
    .addOption(adapterOption())
    .action(async (flags: JudgeFlags) => judgeCommand(flags));
}
