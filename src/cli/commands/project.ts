// `longhand project`: finds the latent from which a run draws a given digit best. It inverts the generator.
import { join } from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { projectOnto, readWanted } from "../../runs/projecting.ts";
import { withTrainedRun, type WhichRun } from "../../runs/trained-models.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import { adapterOption, checkpointOption, requireEnding, whole } from "../options.ts";
import { summary } from "../words/projection.ts";

/** The flags of `project`. */
export interface ProjectFlags extends WhichRun {
  readonly steps?: number;
  readonly restarts?: number;
  readonly seed?: number;
  readonly digit?: number;
  readonly out?: string;
}

/** Projects an image. Writes the wanted image, the drawn one and their difference as a PNG, and the latent as JSON. */
export async function projectCommand(
  run: string,
  image: string,
  flags: ProjectFlags,
): Promise<void> {
  const { restarts = 16, steps = 200, seed = 0, digit } = flags;
  const wanted = await readWanted(image);
  const out = flags.out ?? join(run, `projection-${wanted.name}.png`);
  requireEnding("--out", out, ".png", "; the JSON is written next to it");
  await withTrainedRun(terminal, run, flags, async (models) => {
    if (wanted.note) print(wanted.note);
    const request = { steps, restarts, seed, digit };
    const found = await projectOnto(terminal, models, run, image, wanted, request);
    const { best, ground, step, png } = found;
    writeFileAtomic(out, png);
    const json = out.replace(/\.png$/, ".json");
    writeFileAtomic(json, found.json);
    if (step < steps) print(`Stopped at step ${step} of ${steps}; the best so far is kept.`);
    print(...summary(best, ground));
    print(`${out} (wanted, drawn, and wanted minus drawn around mid-gray)`);
    print(json);
  });
}

/** Adds `project` to the command line. */
export function addProject(program: Command): void {
  program
    .command("project")
    .description(
      "find the latent from which a run draws a given digit best: a PNG, and the latent as JSON",
    )
    .argument("<run>", "a run folder")
    .argument(
      "<image>",
      "a PNG or JPEG of a digit, of any size, dark on light or light on dark; or a test image, such as mnist:7",
    )
    .option("--steps <n>", "steps of Adam on the latents (default: 200)", whole(1))
    .option("--restarts <n>", "latents to search from, side by side (default: 16)", whole(1, 256))
    .option(
      "--seed <n>",
      "the seed of 1,000 random samples; the search starts from the nearest (default: 0)",
      whole(0),
    )
    .option(
      "--digit <n>",
      "draw it as this digit, for a conditional run (default: as any)",
      whole(0),
    )
    .option(
      "--out <file>",
      "the picture; the JSON is written next to it (default: RUN/projection-<image>.png)",
    )
    .addOption(checkpointOption())
    .addOption(adapterOption())
    .action(async (run: string, image: string, flags: ProjectFlags) =>
      projectCommand(run, image, flags),
    );
}
