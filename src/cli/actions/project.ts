// Projects an image for `longhand project`, and writes what was found.
import { join } from "node:path";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { projectOnto, readWanted } from "../../runs/projecting.ts";
import { requireGray } from "../../runs/require-gray.ts";
import { withTrainedRun } from "../../runs/trained-models.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import type { ProjectFlags } from "../commands/project.ts";
import { summary } from "../words/projection.ts";

/** Projects an image. Writes the wanted image, the drawn one and their difference as a PNG, and the latent as JSON. */
export async function projectImage(run: string, image: string, flags: ProjectFlags): Promise<void> {
  const { restarts = 16, steps = 200, seed = 0, digit } = flags;
  const wanted = await readWanted(image);
  const out = flags.out ?? join(run, `projection-${wanted.name}.png`);
  await withTrainedRun(terminal, run, flags, async (models) => {
    requireGray(models.recipe, "project", "images to project are made grey");
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
