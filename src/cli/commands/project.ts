// `longhand project`: finds the latent from which a run draws a given digit best. It inverts the generator.
import type { Command } from "commander";
import { requireRun } from "../../runs/require-run.ts";
import type { WhichRun } from "../../runs/trained-models.ts";
import { adapterOption, checkpointOption, requireEnding, whole } from "../options.ts";

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
  if (flags.out !== undefined) {
    requireEnding("--out", flags.out, ".png", "; the JSON is written next to it");
  }
  requireRun(run);
  const { projectImage } = await import("../actions/project.ts");
  await projectImage(run, image, flags);
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
