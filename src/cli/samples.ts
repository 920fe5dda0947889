// `longhand sample`, `show` and `gif`: pictures from a run that was trained.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../checkpoint/files.ts";
import { drawSamples } from "../gan/gan.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import { tileGrid } from "../pictures/grid.ts";
import { encodePng } from "../pictures/png.ts";
import { drawInTerminal } from "../pictures/terminal.ts";
import { readRunRecord, runFolder } from "../runs/run-folder.ts";
import { print } from "./print.ts";
import { framesOf, readGray, writeGif } from "./run-pictures.ts";
import { withDevice } from "./session.ts";
import type { WhichCheckpoint } from "../runs/checkpoint-places.ts";
import { readTrainedRun } from "../runs/trained-models.ts";

/** The flags of `sample`. */
export interface SampleFlags {
  readonly count?: number;
  readonly seed?: number;
  readonly digit?: number;
  readonly grid?: boolean;
  readonly out?: string;
  readonly checkpoint?: WhichCheckpoint;
  readonly adapter?: string;
}

const MOST_IN_GRID = 10_000;

/** Draws new digits from a run's checkpoint, to one grid or to a file each. */
export async function sampleCommand(run: string, flags: SampleFlags): Promise<void> {
  const trained = readTrainedRun(run, flags.checkpoint);
  const { count = 16, seed = 0, digit } = flags;
  const single = count === 1 || flags.grid !== false;
  const out =
    flags.out ?? join(run, `sample${digit === undefined ? "" : `-${digit}`}-seed${seed}.png`);
  if (!out.endsWith(".png")) throw new UsageError(`--out ${out}: must end in .png`);
  if (single && count > MOST_IN_GRID) {
    throw new UsageError(
      `--count ${count}: a grid shows at most ${MOST_IN_GRID}; add --no-grid for a file each`,
    );
  }
  await withDevice(flags.adapter, async (device, opened) => {
    print(opened.line);
    for (const note of trained.notes) print(note);
    const models = trained.models(device);
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

/** Draws the grid of an epoch in the terminal, and prints its path. */
export function showCommand(run: string, flags: { readonly epoch?: number }): void {
  const record = readRunRecord(run);
  const folder = runFolder(run);
  const frames = framesOf(folder, record);
  const path = flags.epoch === undefined ? frames.at(-1)?.path : folder.epochGrid(flags.epoch);
  if (path === undefined || !existsSync(path)) {
    const have = frames.map(({ label }) => label);
    const list = have.length > 8 ? `${have[0]} to ${have.at(-1)}` : have.join(", ");
    throw new CheckpointError(
      `${run}: has no grid of ${flags.epoch === undefined ? "any epoch" : `epoch ${flags.epoch}`}; it has ${list || "none yet"}`,
    );
  }
  const columns = Math.min(process.stdout.columns ?? 80, 120);
  const color = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  console.log(drawInTerminal(readGray(path), { columns, color })); // colours and all
  print(path);
}

/** Writes the GIF of a run's grids again, and prints its path. */
export function gifCommand(run: string): void {
  const frames = writeGif(runFolder(run), readRunRecord(run));
  print(`${runFolder(run).gif} (${frames} frames)`);
}
