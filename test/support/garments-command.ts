// `npm run garments`: writes drawn garments as IDX files for `train --data`, and measures whether a run on them has
// collapsed. They show that a recipe trains on images that aren't digits.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeIdx } from "../../src/data/idx.ts";
import { drawSamples } from "../../src/gan/samples.ts";
import { withTrainedRun } from "../../src/runs/trained-models.ts";
import { drawGarments, SIZE } from "./garments.ts";
import { bytesOf, collapsesOf, LIMITS, spreadOf, type Spread } from "./spread.ts";

const USAGE = `npm run garments -- write FOLDER [images]   IDX files, by default 20000 to train on, and a tenth to test
npm run garments -- measure RUN             2000 samples of a run on them, compared with real garments`;
const SEEDS = { train: 1, t10k: 2 };
const SAMPLES = 2000;
/** The seed of the samples' latents; `evaluate` takes the same. */
const LATENTS = 1;

const [action, path, images = "20000"] = process.argv.slice(2);
if (path !== undefined && action === "write" && Number.isInteger(+images) && +images >= 10) {
  write(path, Number(images));
} else if (path !== undefined && action === "measure") {
  await measure(path);
} else {
  console.error(USAGE);
  process.exitCode = 1;
}

function write(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  const counts = { train: count, t10k: Math.ceil(count / 10) };
  for (const split of ["train", "t10k"] as const) {
    const garments = drawGarments(counts[split], SEEDS[split]);
    writeFileSync(join(folder, `${split}-images-idx3-ubyte`), encodeIdx(garments.images));
    writeFileSync(join(folder, `${split}-labels-idx1-ubyte`), encodeIdx(garments.labels));
  }
  console.log(`${folder}: ${counts.train} garments to train on, ${counts.t10k} to test`);
}

async function measure(run: string): Promise<void> {
  const real = drawGarments(SAMPLES, SEEDS.train).images.data;
  const unseen = await spreadOf(drawGarments(SAMPLES, SEEDS.t10k).images.data, real);
  const print = (...lines: readonly string[]): void => lines.forEach((line) => console.log(line));
  await withTrainedRun({ print }, run, {}, async (models) => {
    const [height, width] = models.recipe.image;
    if (height !== SIZE || width !== SIZE) {
      throw new Error(`${run}: draws ${height}×${width} pixels, but garments have ${SIZE}×${SIZE}`);
    }
    const spread = await spreadOf(bytesOf(await drawSamples(models, LATENTS, SAMPLES)), real);
    print("| figure | samples | unseen garments | limit |", "| --- | --- | --- | --- |");
    for (const name of Object.keys(LIMITS) as (keyof Spread)[]) {
      const { least, most, relative } = LIMITS[name];
      const limit = (least ?? most ?? 0) * (relative ? unseen[name] : 1);
      const words = `${least === undefined ? "at most" : "at least"} ${limit.toFixed(3)}`;
      print(`| ${name} | ${spread[name].toFixed(3)} | ${unseen[name].toFixed(3)} | ${words} |`);
    }
    const broken = collapsesOf(spread, unseen);
    print(broken.length === 0 ? "Within all limits." : `Beyond the limits: ${broken.join(", ")}.`);
    process.exitCode = broken.length === 0 ? 0 : 1;
  });
}
