// Draws digits for `longhand sample`, and writes them as PNGs.
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { drawSamples } from "../../gan/samples.ts";
import { tileGrid } from "../../pictures/grid.ts";
import { encodePng } from "../../pictures/png.ts";
import { inPhase } from "../../runs/phases.ts";
import { withTrainedRun } from "../../runs/trained-models.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import type { SampleFlags } from "../commands/sample.ts";

/** What to draw, once the flags were checked. */
export interface Drawing {
  readonly count: number;
  readonly seed: number;
  /** One picture with all digits, instead of one file per digit. */
  readonly single: boolean;
  readonly out: string;
}

/** Draws new digits from a run's checkpoint. */
export async function sample(
  run: string,
  { count, seed, single, out }: Drawing,
  flags: SampleFlags,
): Promise<void> {
  await withTrainedRun(terminal, run, flags, async (models) => {
    const [height, width] = models.recipe.image;
    const images = await inPhase(
      terminal,
      `Drawing ${count} image${count === 1 ? "" : "s"}`,
      () => drawSamples(models, seed, count, flags.digit),
      { quiet: true }, // scripts read what this command prints
    );
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
