// `longhand sample`: draws new digits from a run.
import { join } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { drawSamples } from "../../gan/gan.ts";
import { UsageError } from "../../gpu/errors.ts";
import { tileGrid } from "../../pictures/grid.ts";
import { encodePng } from "../../pictures/png.ts";
import { withTrainedRun, type WhichRun } from "../../runs/trained-models.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import { adapterOption, checkpointOption, MOST_SAMPLES, requireEnding, whole } from "../options.ts";

/** The flags of `sample`. */
export interface SampleFlags extends WhichRun {
  readonly count?: number;
  readonly seed?: number;
  readonly digit?: number;
  readonly grid?: boolean;
  readonly out?: string;
}

const MOST_IN_GRID = 10_000;

/** Draws new digits from a run's checkpoint, into one grid or one file per digit. */
export async function sampleCommand(run: string, flags: SampleFlags): Promise<void> {
  const { count = 16, seed = 0, digit } = flags;
  const single = count === 1 || flags.grid !== false;
  const out =
    flags.out ?? join(run, `sample${digit === undefined ? "" : `-${digit}`}-seed${seed}.png`);
  requireEnding("--out", out, ".png");
  if (single && count > MOST_IN_GRID) {
    throw new UsageError(
      `--count ${count}: a grid shows at most ${MOST_IN_GRID}; add --no-grid to write one file per digit`,
    );
  }
  await withTrainedRun(terminal, run, flags, async (models) => {
    const [height, width] = models.recipe.image;
    const images = await drawSamples(models, seed, count, digit);
    if (single) {
      const options = count === 1 ? { gap: 0 } : {};
      writeFileAtomic(out, encodePng(tileGrid(images, count, height, width, options)));
      print(out);
      return;
    }
    const digits = String(count - 1).length;
    for (let i = 0; i < count; i += 1) {
      const path = out.replace(/\.png$/, `-${String(i).padStart(digits, "0")}.png`);
      const image = images.subarray(i * height * width, (i + 1) * height * width);
      writeFileAtomic(path, encodePng(tileGrid(image, 1, height, width, { gap: 0, scale: 1 })));
      print(path);
    }
  });
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
    .option("--grid", "one picture with all of them (the default)")
    .option("--no-grid", "one file per digit, in the recipe's size")
    .option("--out <file>", "where to write (default: RUN/sample-seed<seed>.png)")
    .addOption(checkpointOption())
    .addOption(adapterOption())
    .action(async (run: string, flags: SampleFlags) => sampleCommand(run, flags));
}
