// Gradients that arrive as NaN or infinities: they may only reach the elements that their outputs came from.
import { mul } from "../../src/autograd/ops.ts";
import { abs, full, type Ref, zip } from "../reference/array.ts";
import { type Case, sumOf } from "../case.ts";

/** An op of one input that is a sum of products, and its gradient, in float64. */
interface Linear {
  readonly forward: (x: Ref) => Ref;
  readonly backward: (dy: Ref, x: Ref) => Ref;
}

const product = (a: Ref, b: Ref): Ref => zip(a, b, (p, q) => p * q);

/**
 * A case of one input with its output multiplied by ones, but for a NaN first, an infinity in the middle
 * and a negative one last: they are what flows back.
 */
export function withInvalidFlow(made: Case, { forward, backward }: Linear): Case {
  const x = made.inputs[0]!;
  const factor = full(forward(x).shape, 1);
  factor.data[0] = Number.NaN;
  factor.data[factor.data.length >> 1] = Infinity;
  factor.data[factor.data.length - 1] = -Infinity;
  return {
    name: `an invalid gradient: ${made.name}`,
    inputs: [x, factor],
    run: (at, by) => mul(made.run(at!), by!),
    value: (at, by) => sumOf(product(forward(at!), by!), forward(abs(at!))),
    gradients: (dy, at, by) => [
      sumOf(backward(product(dy, by!), at!), backward(abs(dy), at!)),
      sumOf(product(dy, forward(at!)), product(abs(dy), forward(abs(at!)))),
    ],
    smooth: false,
  };
}
