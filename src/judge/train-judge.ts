// Trains a judge. The dataset and its labels lie on the device, and a step uploads nothing.
import { softmaxCrossEntropy } from "../autograd/losses.ts";
import { add } from "../autograd/ops.ts";
import { Tensor } from "../autograd/tensor.ts";
import type { Device } from "../gpu/device.ts";
import { DataError } from "../gpu/errors.ts";
import { compile, type Program } from "../gpu/program.ts";
import { gatherBatch, gatherLabels, layOutShards, writeShards } from "../kernels/dataset.ts";
import { createRng } from "../kernels/random.ts";
import { adam } from "../nn/adam.ts";
import { updateAll } from "../nn/optimizer.ts";
import { CLASSES, LEARNING_RATE_SCALES, SIDE, type Design } from "./designs.ts";
import { accuracyOf, createNetworks, judgeImages, type JudgeNetworks } from "./judge.ts";

/** Grey digits as bytes, (count, height, width), where 0 is black, and the class of each. */
export interface LabelledImages {
  readonly images: Uint8Array;
  readonly labels: Uint8Array | undefined;
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** What training reports at intervals. All steps up to `step` are done. */
export interface JudgeProgress {
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  /** The mean loss since the epoch began. */
  readonly loss: number;
  /** Seconds per step. NaN at the first step, in which some adapters still compile kernels. */
  readonly secondsPerStep: number;
  /** The share of the test images that are classified correctly. Set at the end of an epoch. */
  readonly accuracy: number | undefined;
}

/** How to train. */
export interface TrainJudgeOptions {
  readonly design: Design;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Default: the design's. */
  readonly seed?: number;
  readonly epochs?: number;
}

/** A judge in training: its networks, and the loop that trains it. */
export interface JudgeTraining {
  readonly networks: JudgeNetworks;
  readonly steps: number;
  /** Trains to the end. Weights and accuracy are final once it is done. */
  readonly run: () => AsyncGenerator<JudgeProgress, void, undefined>;
}

const REPORT_SECONDS = 0.5;

/** Returns the labels of a set. Throws `DataError` if a judge can't learn from the set. */
function labelsOf(what: string, { labels, height, width }: LabelledImages): Uint8Array {
  if (height !== SIDE || width !== SIDE) {
    throw new DataError(
      `judge: the ${what} images are ${height}×${width}, but a judge learns from ${SIDE}×${SIDE}`,
    );
  }
  if (labels === undefined) {
    throw new DataError(
      `judge: the ${what} images have no labels; put their labels file next to them`,
    );
  }
  const other = labels.find((label) => label >= CLASSES);
  if (other !== undefined) {
    throw new DataError(
      `judge: the ${what} labels have a class ${other}; digits are 0 to ${CLASSES - 1}: use a dataset of digits alone (of EMNIST, the digits, not the letters)`,
    );
  }
  return labels;
}

/**
 * Prepares a judge's training: initial weights, and the dataset on the device. The same seed on the same adapter gives
 * the same bits. Throws `DataError` if the images aren't labelled digits of 28×28, or are fewer than a batch.
 */
export function trainJudge(device: Device, options: TrainJudgeOptions): JudgeTraining {
  const { design, train, test } = options;
  const { seed = design.seed, epochs = design.epochs } = options;
  const { batch } = design;
  const trainLabels = labelsOf("training", train);
  const testLabels = labelsOf("test", test);
  if (train.count < batch) {
    throw new DataError(
      `judge: ${train.count} training images are fewer than a batch of ${batch}; give more`,
    );
  }
  const plan = { batch, steps: Math.floor(train.count / batch) };
  const steps = plan.steps * epochs;

  const networks = createNetworks(device, design, seed);
  const { body, head } = networks;
  const rng = createRng(device, seed);
  const images = layOutShards(device, [train.count, SIDE, SIDE, 1], "judge.dataset");
  writeShards(images, train.images);
  const labels = device.persistent([train.count], "u8", "judge.labels");
  labels.write(new Uint8Array(trainLabels));
  const optimizers = [body, head].map((network) =>
    // PyTorch's convention, with which the first judges learned: their weights determine the figures of compared runs.
    adam(network, { learningRate: design.learningRate, convention: "pytorch" }),
  );
  const total = device.persistent([], "f32", "judge.loss"); // summed over an epoch's steps

  const step = (scale: number): Promise<Program> =>
    compile(device, "judge.step", () => {
      rng.nextStream = 0;
      const mode = { training: true, rng };
      const x = new Tensor(gatherBatch(images, rng, plan, batch));
      const digits = new Tensor(gatherLabels(labels, rng, plan, batch));
      const loss = softmaxCrossEntropy(head.forward(body.forward(x, mode), mode), digits);
      for (const optimizer of optimizers) optimizer.differentiate(loss);
      updateAll(optimizers, rng, scale);
      device.moveInto(add(new Tensor(total), new Tensor(loss.array)).array, total);
      return { loss: loss.array };
    });

  async function* run(): AsyncGenerator<JudgeProgress, void, undefined> {
    let program: Program | undefined;
    let stage = -1;
    let [lastReport, seconds, counted] = [performance.now(), 0, 0];
    for (let done = 1; done <= steps; done += 1) {
      const now = Math.floor(((done - 1) * LEARNING_RATE_SCALES.length) / steps);
      if (now !== stage) program = await step(LEARNING_RATE_SCALES[now]!);
      stage = now;
      if ((done - 1) % plan.steps === 0) total.write(Float32Array.of(0));
      const began = performance.now();
      await program!.run();
      const endsEpoch = done % plan.steps === 0;
      const due = performance.now() - lastReport >= REPORT_SECONDS * 1000;
      const sum = due || endsEpoch || done === 1 ? (await total.read())[0]! : undefined;
      if (done > 1) {
        seconds += (performance.now() - began) / 1000;
        counted += 1;
      }
      if (sum === undefined) continue;
      lastReport = performance.now();
      yield {
        step: done,
        epoch: Math.ceil(done / plan.steps),
        loss: sum / (((done - 1) % plan.steps) + 1),
        secondsPerStep: seconds / counted,
        accuracy: endsEpoch
          ? accuracyOf(await judgeImages(networks, test.images, test.count), testLabels)
          : undefined,
      };
    }
  }
  return { networks, steps, run };
}
