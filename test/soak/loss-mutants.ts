// The mutants of softmax, of the losses on it and on probabilities, and of stochastic gradient descent.
import type { Mutant } from "./mutants.ts";

/** Mutants by shader. */
export const lossMutants: readonly Mutant[] = [
  {
    kernel: "binary-cross-entropy.forward",
    what: "a term without weight isn't left out",
    from: "0f, t == 1f)",
    to: "0f, t == 2f)",
    noticed: ["binaryCrossEntropy"],
  },
  {
    kernel: "binary-cross-entropy.backward",
    what: "a gradient outside the clip",
    from: "slope, 0f, (p < LOW) | (p > HIGH)",
    to: "slope, 0f, (p < LOW)",
    noticed: ["binaryCrossEntropy"],
  },
  {
    kernel: "binary-cross-entropy.backward_labels",
    what: "the logarithms aren't bounded",
    from: "bounded(log_of_other(p)) - bounded(natural_log(p))",
    to: "log_of_other(p) - natural_log(p)",
    noticed: ["binaryCrossEntropy"],
  },
  {
    kernel: "sgd.descend",
    what: "weight decay with another sign",
    from: "return g + WEIGHT_DECAY",
    to: "return g - WEIGHT_DECAY",
    noticed: { file: "test/kernels/sgd.test.ts", name: "weight decay" },
  },
  {
    kernel: "sgd.roll",
    what: "the first gradient is dampened too",
    from: "select(g, MOMENTUM * velocities[VELOCITIES_AT + i] + KEEP * g, started[STARTED_AT] != 0f)",
    to: "select(KEEP * g, MOMENTUM * velocities[VELOCITIES_AT + i] + KEEP * g, started[STARTED_AT] != 0f)",
    noticed: { file: "test/kernels/sgd.test.ts", name: "dampened momentum" },
  },
  {
    kernel: "softmax-cross-entropy.forward",
    what: "a label of 0 against −∞",
    from: "0f, t == 0f);",
    to: "0f, t == 2f);",
    noticed: ["softmaxCrossEntropy"],
  },
  {
    kernel: "softmax-cross-entropy.backward",
    what: "labels are taken to sum to 1",
    from: "let unlikely = exp_difference(log_y, 0f) * sum - t",
    to: "let unlikely = exp_difference(log_y, 0f) - t",
    noticed: ["softmaxCrossEntropy"],
  },
  {
    kernel: "softmax-cross-entropy.backward_labels",
    what: "smoothing is left out",
    from: "-dout[DOUT_AT + row] * KEEP * logs",
    to: "-dout[DOUT_AT + row] * logs",
    noticed: ["softmaxCrossEntropy"],
  },
  {
    kernel: "softmax-cross-entropy.backward",
    what: "each class has the first one's weight",
    from: "t * weights[WEIGHTS_AT + k]",
    to: "t * weights[WEIGHTS_AT]",
    noticed: ["softmaxCrossEntropy"],
  },
  {
    kernel: "softmax-cross-entropy.row_weights",
    what: "an ignored row counts in the mean",
    from: "select(weight, 0f, is_ignored(class_number))",
    to: "weight",
    noticed: ["softmaxCrossEntropy"],
  },
  {
    kernel: "softmax.forward",
    what: "the largest element counts twice",
    from: "0f, at == top_at);",
    to: "0f, at == 0xffffffffu);",
    noticed: ["softmax", "logSoftmax"],
  },
  {
    kernel: "softmax.backward",
    what: "the logarithm's sum is weighted",
    from: "select(d * kept[KEPT_AT + at], d, LOG)",
    to: "d * kept[KEPT_AT + at]",
    noticed: ["logSoftmax"],
  },
];
