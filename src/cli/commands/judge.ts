// `longhand judge`: trains a classifier of digits, and keeps it for every command that judges.
import type { Command } from "commander";
import {
  adapterOption,
  dataOption,
  noTransposeOption,
  requireEnding,
  transposeOption,
  whole,
} from "../options.ts";

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
  if (flags.out !== undefined) requireEnding("--out", flags.out, ".safetensors");
  const { trainUnlessKept } = await import("../actions/judge.ts");
  await trainUnlessKept(flags);
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
    .addOption(dataOption("labelled images, training and test"))
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .option("--force", "train it again, and replace the one that is kept")
    .addOption(adapterOption())
    .action(async (flags: JudgeFlags) => judgeCommand(flags));
}
