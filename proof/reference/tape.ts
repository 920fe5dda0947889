// A tape just large enough to write a model's forward pass once and get its gradients.
// A node keeps, for each input, the function that turns its own gradient into that input's.
import { full, gather, map, type Ref, reshape, scalar, scatterAdd, zeros, zip } from "./array.ts";
import {
  type BatchNormOptions,
  batchNormTraining,
  batchNormTrainingGrad,
  type RunningStats,
} from "./batch-norm.ts";
import {
  conv2d,
  conv2dFilterGrad,
  conv2dInputGrad,
  type ConvGeometry,
  convTranspose2d,
  convTranspose2dFilterGrad,
  convTranspose2dInputGrad,
  type Pair,
} from "./conv.ts";
import { dropout, dropoutGrad } from "./dropout.ts";
import { sigmoidCrossEntropy, sigmoidCrossEntropyGrad } from "./losses.ts";
import { addBias, biasGrad, matmul, matmulGrad } from "./matmul.ts";
import { concat, concatGrad } from "./shape-ops.ts";
import { type Unary, unary, unaryGrad } from "./unary.ts";

/** A value and how gradients flow from it to its inputs. */
export interface Node {
  readonly value: Ref;
  readonly edges: readonly Edge[];
}

/** An input of a node, and the gradient by it for a given gradient by the node. */
export type Edge = readonly [input: Node, gradientOf: (dy: Ref) => Ref];

/** A node made by an op; without edges, a constant or a parameter. */
export function node(value: Ref, ...edges: Edge[]): Node {
  return { value, edges };
}

/** The gradients of a scalar node by each of the given nodes; zeros where it doesn't depend on one. */
export function gradients(of: Node, by: readonly Node[]): Ref[] {
  const leadsToBy = new Map<Node, boolean>();
  const inputsFirst: Node[] = [];
  const visit = (at: Node): boolean => {
    const known = leadsToBy.get(at);
    if (known !== undefined) return known;
    const below = at.edges.map(([input]) => visit(input));
    const leads = by.includes(at) || below.includes(true);
    leadsToBy.set(at, leads);
    inputsFirst.push(at);
    return leads;
  };
  visit(of);

  const grads = new Map<Node, Ref>([[of, scalar(1)]]);
  for (const at of inputsFirst.toReversed()) {
    const dy = grads.get(at);
    if (dy === undefined) continue;
    for (const [input, gradientOf] of at.edges) {
      if (!leadsToBy.get(input)) continue;
      const before = grads.get(input);
      const dx = gradientOf(dy);
      grads.set(input, before ? zip(before, dx, (a, b) => a + b) : dx);
    }
  }
  return by.map((leaf) => grads.get(leaf) ?? zeros(leaf.value.shape));
}

/** `matmul` of two matrices on the tape. */
export function dense(x: Node, kernel: Node): Node {
  const grads = (dy: Ref): { da: Ref; db: Ref } => matmulGrad(dy, x.value, kernel.value);
  return node(
    matmul(x.value, kernel.value),
    [x, (dy) => grads(dy).da],
    [kernel, (dy) => grads(dy).db],
  );
}

/** `conv2d` on the tape. */
export function conv(x: Node, filter: Node, geometry: ConvGeometry): Node {
  return node(
    conv2d(x.value, filter.value, geometry),
    [x, (dy) => conv2dInputGrad(dy, filter.value, x.value.shape, geometry)],
    [filter, (dy) => conv2dFilterGrad(dy, x.value, filter.value.shape, geometry)],
  );
}

/** `convTranspose2d` on the tape. */
export function convTranspose(
  x: Node,
  filter: Node,
  geometry: ConvGeometry,
  outputSize: Pair,
): Node {
  return node(
    convTranspose2d(x.value, filter.value, geometry, outputSize),
    [x, (dy) => convTranspose2dInputGrad(dy, filter.value, x.value.shape, geometry)],
    [filter, (dy) => convTranspose2dFilterGrad(dy, x.value, filter.value.shape, geometry)],
  );
}

/** `addBias` on the tape. */
export function bias(x: Node, b: Node): Node {
  return node(addBias(x.value, b.value), [x, (dy) => dy], [b, biasGrad]);
}

/** `batchNormTraining` on the tape, with the new running statistics beside it. */
export function batchNorm(
  x: Node,
  gamma: Node,
  beta: Node,
  running: RunningStats,
  options: BatchNormOptions,
): { y: Node; running: RunningStats } {
  const made = batchNormTraining(x.value, gamma.value, beta.value, running, options);
  const grads = (dy: Ref): ReturnType<typeof batchNormTrainingGrad> =>
    batchNormTrainingGrad(dy, x.value, gamma.value, options.epsilon);
  const y = node(
    made.y,
    [x, (dy) => grads(dy).dx],
    [gamma, (dy) => grads(dy).dgamma],
    [beta, (dy) => grads(dy).dbeta],
  );
  return { y, running: made.running };
}

/** An element-wise function on the tape. */
export function activate(f: Unary, x: Node): Node {
  return node(unary(f, x.value), [x, (dy) => unaryGrad(f, dy, x.value)]);
}

/** `dropout` on the tape. */
export function drop(x: Node, mask: Ref, rate: number): Node {
  return node(dropout(x.value, mask, rate), [x, (dy) => dropoutGrad(dy, mask, rate)]);
}

/** `reshape` on the tape. */
export function view(x: Node, shape: readonly number[]): Node {
  return node(reshape(x.value, shape), [x, (dy) => reshape(dy, x.value.shape)]);
}

/** The elements at some flat positions, in a shape of their own, on the tape. */
export function elements(x: Node, at: Int32Array, shape: readonly number[]): Node {
  return node(gather(x.value, at, shape), [x, (dy) => scatterAdd(dy, at, x.value.shape)]);
}

/** `concat` of two nodes on the tape. */
export function join(a: Node, b: Node, axis: number): Node {
  const part = (which: 0 | 1) => (dy: Ref) =>
    concatGrad(dy, [a.value.shape, b.value.shape], axis)[which]!;
  return node(concat([a.value, b.value], axis), [a, part(0)], [b, part(1)]);
}

/** The mean of all elements, a scalar. */
export function mean(x: Node): Node {
  const { data, shape } = x.value;
  const sum = data.reduce((a, b) => a + b, 0);
  return node(scalar(sum / data.length), [x, (dy) => full(shape, dy.data[0]! / data.length)]);
}

/** The sum of two nodes of one shape. */
export function plus(a: Node, b: Node): Node {
  return node(
    zip(a.value, b.value, (p, q) => p + q),
    [a, (dy) => dy],
    [b, (dy) => dy],
  );
}

/** The difference of two nodes of one shape. */
export function minus(a: Node, b: Node): Node {
  return node(
    zip(a.value, b.value, (p, q) => p - q),
    [a, (dy) => dy],
    [b, (dy) => map(dy, (g) => -g)],
  );
}

/** The mean `sigmoidCrossEntropy` against constant targets of the logits' shape, on the tape. */
export function crossEntropy(logits: Node, targets: Ref): Node {
  return node(sigmoidCrossEntropy(logits.value, targets), [
    logits,
    (dy) => sigmoidCrossEntropyGrad(dy, logits.value, targets),
  ]);
}
