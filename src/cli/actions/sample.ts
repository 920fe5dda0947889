// Draws digits for `longhand sample`, and writes them as PNGs, as NumPy's arrays or as CSV tables.
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { encodeGrid } from "../../pictures/colour-grid.ts";
import { requireGray } from "../../runs/require-gray.ts";
import { inPhase } from "../../runs/phases.ts";
import {
  drawWithLatents,
  latentsCsv,
  pixelsCsv,
  samplesNpz,
  type DrawnSamples,
} from "../../runs/sample-files.ts";
import { withTrainedRun } from "../../runs/trained-models.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import type { SampleFlags, SampleFormat } from "../commands/sample.ts";

/** What to draw, once the flags were checked. */
export interface Drawing {
  readonly count: number;
  readonly seed: number;
  /** One picture with all digits, instead of one file per digit. */
  readonly single: boolean;
  readonly format: SampleFormat;
  readonly out: string;
}

/** Draws new digits from a run's checkpoint. */
export async function sample(
  run: string,
  { count, seed, single, format, out }: Drawing,
  flags: SampleFlags,
): Promise<void> {
  await withTrainedRun(terminal, run, flags, async (models) => {
    const { image: shape } = models.recipe;
    if (format === "csv") requireGray(models.recipe, "--format csv", "a table has greys alone");
    const samples = await inPhase(
      terminal,
      `Drawing ${count} image${count === 1 ? "" : "s"}`,
      () => drawWithLatents(models, seed, count, flags.digit),
      { quiet: true }, // scripts read what this command prints
    );
    if (format !== "png") {
      for (const [path, bytes] of filesOf(samples, format, out)) {
        writeFileAtomic(path, bytes);
        print(path);
      }
      return;
    }
    const { images } = samples;
    if (single) {
      const options = count === 1 ? { gap: 0 } : {};
      writeFileAtomic(out, encodeGrid(images, count, shape, options));
      print(out);
      return;
    }
    const digits = String(count - 1).length;
    for (let i = 0; i < count; i += 1) {
      const path = out.replace(/\.png$/, `-${String(i).padStart(digits, "0")}.png`);
      const size = images.length / count;
      const image = images.subarray(i * size, (i + 1) * size);
      writeFileAtomic(path, encodeGrid(image, 1, shape, { gap: 0, scale: 1 }));
      print(path);
    }
  });
}

/** Returns the files of samples as numbers, by their paths. */
function filesOf(
  samples: DrawnSamples,
  format: "npz" | "csv",
  out: string,
): readonly (readonly [path: string, bytes: Uint8Array])[] {
  if (format === "npz") return [[out, samplesNpz(samples)]];
  return [
    [out, pixelsCsv(samples)],
    [out.replace(/\.csv$/, "-latents.csv"), latentsCsv(samples)],
  ];
}
