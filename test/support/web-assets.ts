// `npm run web:assets -- RUN`: makes the files in web/assets/ that the page ships with: the GAN of a run, the first judge,
// as `evaluate` finds it, and the real side of the Fréchet distance as that judge sees MNIST. It
// says how much the 16-bit weights cost in quality. The same run, judge and adapter give the same files.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeSafetensors, readTensor } from "../../src/checkpoint/safetensors.ts";
import { readFileBytes } from "../../src/checkpoint/files.ts";
import { loadImages } from "../../src/data/files.ts";
import { type Models } from "../../src/gan/gan.ts";
import { drawSamples } from "../../src/gan/samples.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { evenly, featuresOf, judgeAll, pick } from "../../src/judge/comparison.ts";
import { CLASSES } from "../../src/judge/designs.ts";
import type { Judge } from "../../src/judge/judge.ts";
import { loadJudge } from "../../src/judge/kept.ts";
import { encodeRealSide, frechetAgainst, type RealSide } from "../../src/judge/real-side.ts";
import { frechetDistance, gaussianOf } from "../../src/metrics/metrics.ts";
import { longhandWords } from "../../src/runs/checkout.ts";
import { readCheckpoint } from "../../src/runs/checkpoints.ts";
import { findJudge } from "../../src/runs/evaluation/judges.ts";
import { readRunRecord, recipeOf, runFolder } from "../../src/runs/run-folder.ts";
import { withDevice } from "../../src/runs/session.ts";
import { readTrainedRun } from "../../src/runs/trained-models.ts";
import { encodeTrained, loadTrained, type NamedArrays } from "../../src/runs/trained-file.ts";

const FOLDER = fileURLToPath(new URL("../../web/assets/", import.meta.url));
/** Real digits of each class that the page shows. */
const SHOWN = 5;
/** Samples for the figures that are printed. */
const SAMPLES = 10_000;
/** The numbers of samples that the page measures. */
const COUNTS = [250, 1000, SAMPLES];

const [run, which = "last"] = process.argv.slice(2);
if (run === undefined)
  throw new Error("npm run web:assets -- RUN [last | best]: name a run folder");
if (which !== "last" && which !== "best") throw new Error(`${which}: must be last or best`);
const trained = await trainedBytes(run, which);
const judgeBytes = await keptJudge();

await withDevice(undefined, async (device, { line }) => {
  console.log(line);
  const judge = await loadJudge(device, judgeBytes, "judge.safetensors");
  const real = await realSideOf(judge);
  const realBytes = await encodeRealSide(real);
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, bytes] of Object.entries({
    "trained.safetensors": trained,
    "judge.safetensors": judgeBytes,
    "real.safetensors": realBytes,
  })) {
    writeFileSync(FOLDER + name, bytes);
    console.log(`${basename(FOLDER)}/${name}: ${bytes.length} bytes`);
  }
  console.log(`The judge: ${(judge.accuracy * 100).toFixed(2)} % of the test images right`);
  for (const { count, distance } of real.attainable) {
    console.log(`Fréchet distance of ${count} real test digits: ${distance.toFixed(3)}`);
  }
  const { models } = await loadTrained(device, trained, "trained.safetensors");
  const halved = await frechetOf(judge, real, models);
  console.log(`Of ${SAMPLES} samples in 16 bits: ${halved.toFixed(3)}`);
  const full = await frechetOf(judge, real, readTrainedRun(run, which).models(device));
  console.log(`Of ${SAMPLES} samples in 32 bits: ${full.toFixed(3)}`);
});

/** Reads a run's networks and returns them as the page's file. */
async function trainedBytes(path: string, checkpoint: "last" | "best"): Promise<Uint8Array> {
  const record = readRunRecord(path);
  const recipe = recipeOf(record, path);
  const { files, step } = readCheckpoint(runFolder(path), checkpoint);
  const arraysIn = (name: string): NamedArrays => {
    const bytes = files.get(`${name}.safetensors`);
    if (!bytes) throw new CheckpointError(`${path}: has no ${name}`);
    const file = decodeSafetensors(bytes, name);
    return new Map(
      [...file.tensors].map(([key, { shape }]) => [
        key,
        { shape, data: readTensor(file, key, "F32") },
      ]),
    );
  };
  return encodeTrained(
    {
      recipe,
      step,
      stepsPerEpoch: record.stepsPerEpoch,
      seed: record.seed,
      adapter: record.adapter,
      longhand: longhandWords(),
    },
    {
      generator: arraysIn(recipe.average > 0 ? "generator-average" : "generator"),
      discriminator: arraysIn("discriminator"),
      ...(recipe.clusters ? { clusters: arraysIn("clusters") } : {}),
    },
  );
}

async function keptJudge(): Promise<Uint8Array> {
  const { path } = await findJudge("first");
  return readFileBytes(path);
}

/** Judges MNIST. */
async function realSideOf(judge: Judge): Promise<RealSide> {
  const [train, test] = [await loadImages(undefined, "train"), await loadImages(undefined, "test")];
  const gaussian = gaussianOf(featuresOf(await judgeAll(judge, train)));
  const seen = await judgeAll(judge, test);
  const labels = test.labels!;
  const size = test.height * test.width;
  const rows = Array.from({ length: SHOWN * CLASSES }, (_, at) => {
    const own = [...labels.keys()].filter((row) => labels[row] === at % CLASSES);
    return own[Math.floor(at / CLASSES)]!;
  });
  const digits = new Uint8Array(rows.length * size);
  for (const [to, row] of rows.entries()) {
    digits.set(test.images.subarray(row * size, (row + 1) * size), to * size);
  }
  return {
    judge: judge.fingerprint,
    train: gaussian,
    counts: Array.from({ length: CLASSES }, (_, digit) =>
      train.labels!.reduce((sum, label) => sum + Number(label === digit), 0),
    ),
    digits,
    attainable: COUNTS.map((count) => ({
      count,
      distance: frechetDistance(
        gaussian,
        gaussianOf(featuresOf(pick(seen, evenly(test.count, count)))),
      ),
    })),
  };
}

/** The distance of samples that no training and no page draws. */
async function frechetOf(judge: Judge, real: RealSide, models: Models): Promise<number> {
  const [height, width] = models.recipe.image;
  const images = await drawSamples(models, 2_000_000, SAMPLES);
  return frechetAgainst(
    real,
    judge,
    await judgeAll(judge, { images, count: SAMPLES, height, width }),
  );
}
