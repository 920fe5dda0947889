// Makes a run folder with the smallest possible checkpoints, without a device, for tests of files.
import { mkdirSync } from "node:fs";
import { openJsonl } from "../../src/checkpoint/jsonl.ts";
import { encodeSafetensors, type NativeTensor } from "../../src/checkpoint/safetensors.ts";
import { writeFileAtomic } from "../../src/checkpoint/files.ts";
import { saveBest, saveCheckpoint, type Snapshot } from "../../src/runs/checkpoints.ts";
import { runFolder, type RunFolder } from "../../src/runs/run-folder.ts";
import { formatRecord, type RunRecord } from "../../src/runs/run-record.ts";
import type { StepRecord } from "../../src/gan/train-steps.ts";

/** Steps per epoch in these runs. */
export const EPOCH = 5;

/** The contents of such a run's `run.json`. */
export const tinyRecord: RunRecord = {
  format: 1,
  recipe: "mlp",
  constants: { latent: 1, generatorWidths: [1, 1, 1], generatorAdam: { learningRate: 1e-4 } },
  batch: 4,
  seed: 7,
  data: { folder: "data", images: 22, fingerprint: "66416a86", transposed: false },
  activationType: "f32",
  stepsPerEpoch: EPOCH,
  evaluate: null,
  adapter: "none",
  versions: { webgpu: "0.6.2" },
  choices: {},
  untrained: { logit: Number.NEGATIVE_INFINITY, probability: 0 },
};

const tensor = (...data: number[]): NativeTensor => ({
  dtype: "F32",
  shape: [data.length],
  data: Float32Array.from(data),
});

/** Returns a network and its optimizer after some steps. */
export function tinyFiles(step: number): Record<string, Uint8Array> {
  return {
    "generator.safetensors": encodeSafetensors(
      new Map([
        ["dense.bias", tensor(step, -0)],
        ["dense.kernel", tensor(0.5 * step)],
      ]),
    ),
    "generator-adam.safetensors": encodeSafetensors(
      new Map([["corrections", tensor(1 / (step + 1))]]),
    ),
  };
}

/** Returns the rows of a run's log from one step to another. */
export function tinyRows(first: number, last: number): StepRecord[] {
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const step = first + i;
    const epoch = Math.floor((step - 1) / EPOCH) + 1;
    return { step, epoch, lossD: 1 / step, lossG: -0, dReal: 0.5, dFake: 0.25 };
  });
}

/** Returns the snapshot of a run after some steps, with its log open. */
export function tinySnapshot(
  step: number,
  log: Snapshot["log"],
  record: RunRecord = tinyRecord,
): Snapshot {
  return { files: tinyFiles(step), step, seed: record.seed, record, log };
}

/** Makes a run that saved after each of these steps, and saved `best` after one of them. */
export function makeTinyRun(
  path: string,
  steps: readonly number[],
  options: { readonly keep?: number; readonly best?: number; readonly record?: RunRecord } = {},
): RunFolder {
  const { keep, best, record } = { record: tinyRecord, ...options };
  const folder = runFolder(path);
  mkdirSync(path, { recursive: true });
  writeFileAtomic(folder.record, formatRecord(record));
  const log = openJsonl(folder.metrics);
  let done = 0;
  try {
    for (const step of steps) {
      log.append(tinyRows(done + 1, step));
      done = step;
      saveCheckpoint(folder, tinySnapshot(step, log, record), keep);
      if (step === best) saveBest(folder, tinySnapshot(step, log, record));
    }
  } finally {
    log.close();
  }
  return folder;
}
