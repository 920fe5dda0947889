// `longhand interpolate`: a walk through a run's latent space from seed to seed, as a PNG strip and a GIF.
import { join } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../../gpu/errors.ts";
import { requireRun } from "../../runs/require-run.ts";
import type { WhichRun } from "../../runs/trained-models.ts";
import { adapterOption, checkpointOption, seedList, requireEnding, whole } from "../options.ts";
import { seedsOf, type SeedFlags } from "../words/seeds.ts";

/** The flags of `interpolate`. */
export interface InterpolateFlags extends SeedFlags, WhichRun {
  readonly steps?: number;
  readonly digit?: number;
  readonly out?: string;
}

const MOST_STEPS = 100; // a longer strip would be wider than viewers show

/** Walks from seed to seed, and writes a strip with one row per leg and a GIF that loops. */
export async function interpolateCommand(run: string, flags: InterpolateFlags): Promise<void> {
  const seeds = seedsOf(flags);
  const { steps = 10, out = join(run, "interpolation.png") } = flags;
  if (steps > MOST_STEPS) throw new UsageError(`--steps ${steps}: must be at most ${MOST_STEPS}`);
  requireEnding("--out", out, ".png", "; the GIF is written next to it");
  requireRun(run);
  const { interpolate } = await import("../actions/interpolate.ts");
  await interpolate(run, { seeds, steps, out }, flags);
}

/** Adds `interpolate` to the command line. */
export function addInterpolate(program: Command): void {
  program
    .command("interpolate")
    .description(
      "walk through a run's latent space from seed to seed: a PNG strip, and a GIF that loops",
    )
    .argument("<run>", "a run folder")
    .option(
      "--seeds <list>",
      "where to stop, in order: at the first digit of sample --seed (default: 0,1,2,3,4)",
      seedList,
    )
    .option("--from <n>", "instead of --seeds: walk from this seed", whole(0))
    .option("--to <n>", "to this one, and back", whole(0))
    .option("--steps <n>", "steps from one seed to the next (default: 10)", whole(1))
    .option(
      "--digit <n>",
      "which digit, for a conditional run (default: 0 to 9, one per seed)",
      whole(0),
    )
    .option(
      "--out <file>",
      "the strip; the GIF is written next to it (default: RUN/interpolation.png)",
    )
    .addOption(checkpointOption())
    .addOption(adapterOption())
    .action(async (run: string, flags: InterpolateFlags) => interpolateCommand(run, flags));
}
