// Clips gradients by their norm or by their values, between `differentiate` and `update`.
import { add, clip, div, minimum, mul, sqrt, square, sum } from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { AttributeError } from "../gpu/errors.ts";
import { checkAttributes, finite } from "../kernels/attributes.ts";
import { checkDifferentiated, checkGroup } from "./optimizer.ts";
import type { ParameterGroup } from "./parameters.ts";

/** How to clip: either by norm or by value. */
export interface ClipGradients {
  /** The largest Euclidean norm of all gradients of a group together. */
  readonly norm?: number;
  /** The largest absolute value of each gradient. */
  readonly value?: number;
}

const TINY = 1e-6; // keeps gradients that are 0 at 0; PyTorch's value

/**
 * Scales all gradients of a network (or a `parameterGroup`) so that their norm is at most `norm`, or clips each to
 * [−value, value]. Call after `optimizer.differentiate(loss)` and before `optimizer.update()`.
 *
 * Throws: `AttributeError` unless exactly one of `norm` and `value` is given, finite and ≥ 0, and if there are no
 * gradients yet.
 * Source: PyTorch's clip_grad_norm_ and clip_grad_value_.
 */
export function clipGradients(network: ParameterGroup, by: ClipGradients): void {
  checkGroup("clipGradients", network);
  checkAttributes<ClipGradients>("clipGradients", by, { norm: finite(0), value: finite(0) });
  const { norm, value } = by;
  if ((norm === undefined) === (value === undefined)) {
    throw new AttributeError("clipGradients: takes either norm or value; got both or neither");
  }
  checkDifferentiated("clipGradients", network); // clipped zeros would pass for gradients
  const { gradients } = network;
  const { device } = gradients;
  const all = new Tensor(gradients);
  device.scope(() =>
    noGrad(() => {
      const clipped =
        value === undefined
          ? mul(all, minimum(div(norm!, add(sqrt(sum(square(all))), TINY)), 1))
          : clip(all, { min: -value, max: value });
      device.moveInto(clipped.array, gradients);
    }),
  );
}
