// Networks of any layers, one after another, on the tape: the parts of a recipe's step.
import { type AdamOptions, adamStep } from "./adam.ts";
import { full, gather, positions, type Ref, stridesOf, zeros } from "./array.ts";
import { batchNormInference, type RunningStats } from "./batch-norm.ts";
import { sameGeometry } from "./conv.ts";
import * as stddev from "./minibatch-stddev.ts";
import * as tape from "./tape.ts";
import { node, type Node } from "./tape.ts";
import type { Unary } from "./unary.ts";

/** What one forward pass hands to its layers, each in turn. */
export interface Pass {
  readonly training: boolean;
  /** The next parameter. */
  readonly parameter: () => Node;
  /** The running statistics of the next batch normalisation. */
  readonly running: () => RunningStats;
  /** Takes its new ones. */
  readonly track: (running: RunningStats) => void;
  /** A 0/1 mask for the next dropout. */
  readonly mask: (shape: readonly number[], rate: number) => Ref;
}

/** A layer: what it makes of its input. */
export type Layer = (x: Node, pass: Pass) => Node;

/** A network's values, as an optimizer knows them. */
export interface Model {
  readonly weights: readonly Ref[];
  readonly m: readonly Ref[];
  readonly v: readonly Ref[];
  /** Adam's updates so far. */
  readonly updates: number;
  readonly running: readonly RunningStats[];
}

/** A network before its first step: moments 0, running mean 0 and variance 1 for each of `channels`. */
export function begin(weights: readonly Ref[], channels: readonly number[]): Model {
  const moments = weights.map(({ shape }) => zeros(shape));
  const running = channels.map((c) => ({ mean: zeros([c]), variance: full([c], 1) }));
  return { weights, m: moments, v: moments, updates: 0, running };
}

/** Runs a network on `x`. Gives its output, and the running statistics that it leaves. */
export function forward(
  layers: readonly Layer[],
  parameters: readonly Node[],
  running: readonly RunningStats[],
  x: Node,
  how: Pick<Pass, "training" | "mask">,
): { readonly y: Node; readonly running: readonly RunningStats[] } {
  const [left, stats] = [[...parameters], [...running]];
  const tracked: RunningStats[] = [];
  const next = <T>(list: T[]): T => {
    if (list.length === 0) throw new RangeError("The layers want more than the network has.");
    return list.shift()!;
  };
  const pass: Pass = {
    ...how,
    parameter: () => next(left),
    running: () => next(stats),
    track: (each) => tracked.push(each),
  };
  const y = layers.reduce((value, layer) => layer(value, pass), x);
  if (left.length + stats.length > 0) throw new RangeError("The network has more than its layers.");
  return { y, running: how.training ? tracked : running };
}

/** Adam's next step for every parameter, by the gradients in their order. */
export function updated(model: Model, gradients: readonly Ref[], options: AdamOptions): Model {
  const updates = model.updates + 1;
  const slots = model.weights.map((x, i) =>
    adamStep({ x, m: model.m[i]!, v: model.v[i]! }, gradients[i]!, updates, options),
  );
  return {
    ...model,
    updates,
    weights: slots.map(({ x }) => x),
    m: slots.map(({ m }) => m),
    v: slots.map(({ v }) => v),
  };
}

const withBias = (x: Node, bias: boolean, pass: Pass): Node =>
  bias ? tape.bias(x, pass.parameter()) : x;

/** A dense layer. */
export const dense = (bias = true): Layer => {
  return (x, pass) => withBias(tape.dense(x, pass.parameter()), bias, pass);
};

/** A convolution of a `size` by `size` filter with "same" padding. */
export function conv(size: number, stride: number): Layer {
  return (x, pass) => {
    const [, height, width] = x.value.shape;
    const geometry = sameGeometry([height!, width!], [size, size], [stride, stride]);
    return withBias(tape.conv(x, pass.parameter(), geometry), true, pass);
  };
}

/** The transpose of such a convolution: `stride` times as high and as wide. */
export function convTranspose(size: number, stride: number, bias = true): Layer {
  return (x, pass) => {
    const [height, width] = [x.value.shape[1]! * stride, x.value.shape[2]! * stride];
    const geometry = sameGeometry([height, width], [size, size], [stride, stride]);
    const y = tape.convTranspose(x, pass.parameter(), geometry, [height, width]);
    return withBias(y, bias, pass);
  };
}

/**
 * Batch normalisation with Keras's ε. In inference it is a constant: no gradient flows back. Of images it may remember
 * the unbiased variance.
 */
export function batchNorm(
  momentum: number,
  runningVariance: "population" | "unbiased" = "population",
): Layer {
  const options = { epsilon: 1e-3, momentum, runningVariance };
  return (x, pass) => {
    const [gamma, beta, running] = [pass.parameter(), pass.parameter(), pass.running()];
    if (!pass.training) {
      return node(batchNormInference(x.value, gamma.value, beta.value, running, options.epsilon));
    }
    const made = tape.batchNorm(x, gamma, beta, running, options);
    pass.track(made.running);
    return made.y;
  };
}

/** One more channel with the mean standard deviation of groups of `size` examples. */
export const minibatchStddev = (size: number): Layer => {
  return (x) =>
    node(stddev.minibatchStddev(x.value, size, 1e-8), [
      x,
      (dy) => stddev.minibatchStddevGrad(dy, x.value, size, 1e-8),
    ]);
};

/** An element-wise function. */
export const activation = (f: Unary): Layer => {
  return (x) => tape.activate(f, x);
};

/** Dropout, in training. */
export const dropout = (rate: number): Layer => {
  return (x, pass) => (pass.training ? tape.drop(x, pass.mask(x.value.shape, rate), rate) : x);
};

/** Each example in another shape. */
export const reshape = (shape: readonly number[]): Layer => {
  return (x) => tape.view(x, [x.value.shape[0]!, ...shape]);
};

/** Each example as a vector. */
export const flatten = (): Layer => {
  return (x) => tape.view(x, [x.value.shape[0]!, x.value.data.length / x.value.shape[0]!]);
};

/** Images `scale` times as high and as wide, each pixel repeated. */
export function upsample(scale: number): Layer {
  return (x) => {
    const [n, height, width, channels] = x.value.shape as [number, number, number, number];
    const shape = [n, height * scale, width * scale, channels];
    // Where each pixel lies with its copies on axes of their own, which then join.
    const [s0, s1, s2, s3] = stridesOf(x.value.shape);
    const apart = [n, height, scale, width, scale, channels];
    return tape.elements(x, positions(apart, [s0!, s1!, 0, s2!, 0, s3!]), shape);
  };
}

/** The rows from `first` on, `count` of them. */
export function rows(x: Ref, first: number, count: number): Ref {
  const [, ...rest] = x.shape;
  const strides = stridesOf(x.shape);
  const shape = [count, ...rest];
  return gather(x, positions(shape, strides, first * strides[0]!), shape);
}
