// The two judges: convolutional classifiers of 28×28 digits that share neither seed nor architecture.
import type { Layer } from "../nn/layer.ts";
import { batchNorm, conv2d, dense, dropout, flatten, maxPool, relu } from "../nn/layers.ts";

/** Rows and columns of the images that a judge takes. */
export const SIDE = 28;
/** The length of a feature vector: the outputs of a judge's last hidden layer, after its ReLU. */
export const FEATURES = 64;
/** The digits. */
export const CLASSES = 10;
/** The share of the test images that a judge should classify correctly. */
export const GOAL = 0.99;

/** Which judge. `second` is trained separately, and never used to choose anything. */
export type Which = "first" | "second";

/** A judge before it is trained. */
export interface Design {
  readonly which: Which;
  /** The hidden layers, from images (28, 28, 1) to features. */
  readonly body: () => readonly Layer[];
  /** The layers from features to logits, (10). */
  readonly head: () => readonly Layer[];
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
}

/** The layer that turns features into logits. */
const head = (): Layer[] => [dense(CLASSES)];

/** The judges' designs. A batch of 96 divides MNIST into 625 steps, with no image left over. */
export const designs: Readonly<Record<Which, Design>> = {
  first: {
    which: "first",
    body: () => [
      ...[16, 32, 64].flatMap((filters) => [
        conv2d(filters, 3, { bias: false }),
        batchNorm({ momentum: 0.95 }), // averages about the last 20 steps
        relu(),
        maxPool(2),
      ]),
      flatten(),
      dense(FEATURES),
      relu(),
      dropout(0.3),
    ],
    head,
    seed: 1,
    epochs: 3,
    batch: 96,
    learningRate: 2e-3,
  },
  second: {
    which: "second",
    body: () => [
      ...[16, 32].flatMap((filters) => [conv2d(filters, 5), relu(), maxPool(2)]),
      flatten(),
      dense(FEATURES),
      relu(),
      dropout(0.4),
    ],
    head,
    seed: 2,
    epochs: 4,
    batch: 96,
    learningRate: 2e-3,
  },
};

/** The factors of the learning rate, in equal parts of training one after another. */
export const LEARNING_RATE_SCALES: readonly number[] = [1, 0.5, 0.2, 0.05];

/** Returns a judge's layers in one line: `Conv2d 16, 3×3, stride 1 → ReLU → …`. */
export function architectureOf(design: Design): string {
  return [...design.body(), ...design.head()]
    .map(({ kind, detail }) => `${kind} ${detail}`.trim())
    .join(" → ");
}
