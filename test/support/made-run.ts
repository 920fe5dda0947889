// A run that nobody trained, for tests of what is read from one: a narrow recipe's whole checkpoint, with numbers in
// every array that differ from those of a fresh network.
import { mkdirSync } from "node:fs";
import { checkpointFiles } from "../../src/checkpoint/arrays.ts";
import { writeFileAtomic } from "../../src/checkpoint/files.ts";
import { openJsonl } from "../../src/checkpoint/jsonl.ts";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { standIns } from "../../src/gan/stand-in.ts";
import type { Device } from "../../src/gpu/device.ts";
import { saveCheckpoint } from "../../src/runs/checkpoints.ts";
import { constantsOf } from "../../src/runs/constants.ts";
import { runFolder } from "../../src/runs/run-folder.ts";
import { formatRecord, type RunRecord } from "../../src/runs/run-record.ts";
import { randomFrom } from "../soak/fuzzing.ts";
import { tinyRecord, tinyRows } from "./tiny-run.ts";

const STEP = 5;
const IMAGES = 16;

/** Puts numbers into every array that a checkpoint saves. Variances and second moments stay above 0. */
export function enliven({ state, recipe }: Gan, seed: number): void {
  const random = randomFrom(seed);
  for (const [file, arrays] of Object.entries(state)) {
    if (file.startsWith("clusters")) continue;
    for (const [name, array] of arrays) {
      const { shape, size } = array;
      const isSquare = name.endsWith("second");
      const fan = name.endsWith("kernel") ? shape[0]! : size / (shape.at(-1) ?? 1);
      const values = Float32Array.from({ length: size }, (_, i) => {
        const value = 2 * random() - 1;
        if (isSquare) return 0.5 + value / 4;
        if (name.endsWith("running")) return i < size / 2 ? value / 4 : 1 + value / 2;
        if (name.endsWith("gamma")) return 1 + value / 4;
        return /kernel|filter/.test(name) ? value * Math.sqrt(6 / Math.max(fan, 4)) : value / 4;
      });
      array.write(values);
    }
  }
  for (const of of ["generator", "discriminator"] as const) {
    const rates = [recipe[`${of}Adam`].beta1, recipe[`${of}Adam`].beta2];
    const corrections = Float32Array.from(rates, (rate) => 1 - rate ** STEP);
    state[`${of}-adam`]!.get("corrections")!.write(corrections);
  }
}

/** Makes a run of a recipe with one checkpoint, and returns the GAN that it holds. */
export async function makeRun(device: Device, path: string, recipe: Recipe): Promise<Gan> {
  const gan = createGan(device, recipe, standIns(recipe, IMAGES), { seed: 7, batch: 4 });
  enliven(gan, 1);
  const folder = runFolder(path);
  const record: RunRecord = {
    ...tinyRecord,
    recipe: recipe.name,
    constants: constantsOf(recipe),
    data: { ...tinyRecord.data, images: IMAGES },
  };
  mkdirSync(path, { recursive: true });
  writeFileAtomic(folder.record, formatRecord(record));
  const log = openJsonl(folder.metrics);
  try {
    log.append(tinyRows(1, STEP));
    const files = await checkpointFiles(gan.state);
    saveCheckpoint(folder, { files, step: STEP, seed: record.seed, record, log });
  } finally {
    log.close();
  }
  return gan;
}
