// `longhand sample`: draws new digits from a run.
import { join } from "node:path";
import { Option, type Command } from "commander";
import { UsageError } from "../../gpu/errors.ts";
import { requireRun } from "../../runs/require-run.ts";
import type { WhichRun } from "../../runs/trained-models.ts";
import { adapterOption, checkpointOption, MOST_SAMPLES, requireEnding, whole } from "../options.ts";

/** The flags of `sample`. */
export interface SampleFlags extends WhichRun {
  readonly count?: number;
  readonly seed?: number;
  readonly digit?: number;
  readonly grid?: boolean;
  readonly out?: string;
  readonly format?: SampleFormat;
}

/** The formats of samples; the ending of `--out` names them too. */
const FORMATS = ["png", "npz", "csv"] as const;
export type SampleFormat = (typeof FORMATS)[number];

const MOST_IN_GRID = 10_000;

/** Draws new digits from a run's checkpoint: into pictures, or into a file of numbers. */
export async function sampleCommand(run: string, flags: SampleFlags): Promise<void> {
  const { count = 16, seed = 0, digit } = flags;
  const single = count === 1 || flags.grid !== false;
  const ending = FORMATS.find((each) => flags.out?.endsWith(`.${each}`));
  const format = flags.format ?? ending ?? "png";
  const out =
    flags.out ?? join(run, `sample${digit === undefined ? "" : `-${digit}`}-seed${seed}.${format}`);
  requireEnding("--out", out, `.${format}`);
  if (format !== "png" && flags.grid !== undefined) {
    throw new UsageError(`--format ${format}: has all digits in one file; leave out --grid`);
  }
  if (format === "png" && single && count > MOST_IN_GRID) {
    throw new UsageError(
      `--count ${count}: a grid shows at most ${MOST_IN_GRID}; add --no-grid to write one file per digit`,
    );
  }
  requireRun(run);
  const { sample } = await import("../actions/sample.ts");
  await sample(run, { count, seed, single, format, out }, flags);
}

/** Adds `sample` to the command line. */
export function addSample(program: Command): void {
  program
    .command("sample")
    .description("draw new digits from a run")
    .argument("<run>", "a run folder")
    .option("--count <n>", "how many (default: 16)", whole(1, MOST_SAMPLES))
    .option("--seed <n>", "the seed of the latents (default: 0)", whole(0))
    .option("--digit <d>", "which digit, for a conditional run (default: each in turn)", whole(0))
    .addOption(
      new Option(
        "--format <kind>",
        "png; npz: images, latents, classes or clusters; csv: a row of levels per digit, and a table of latents (default: by --out, else png)",
      ).choices(FORMATS),
    )
    .option("--grid", "one picture with all of them (the default)")
    .option("--no-grid", "one file per digit, in the recipe's size")
    .option(
      "--out <file>",
      "where to write (default: RUN/sample-seed<seed>.png, or the format's ending)",
    )
    .addOption(checkpointOption())
    .addOption(adapterOption())
    .action(async (run: string, flags: SampleFlags) => sampleCommand(run, flags));
}
