// Gradients held small, between `differentiate` and `update`.
import { add, clip, div, minimum, mul, sqrt, square, sum } from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { AttributeError } from "../gpu/errors.ts";
import { checkAttributes, finite } from "../kernels/attributes.ts";
import { checkDifferentiated, checkGroup } from "./optimizer.ts";
import type { ParameterGroup } from "./parameters.ts";

/** How to clip: one of both. */
export interface ClipGradients {
  /** The largest Euclidean norm of all of a group's gradients together. */
  readonly norm?: number;
  /** The largest absolute value of each. */
  readonly value?: number;
}

const TINY = 1e-6; // so that gradients that are 0 stay 0: PyTorch's

/**
 * Scales all gradients of a network (or a `parameterGroup`) so that their norm is at most `norm`, or clips each to
 * [−value, value]. To be called after `optimizer.differentiate(loss)` and before `optimizer.update()`.
 *
 * Throws: `AttributeError` unless one of both is given, finite and ≥ 0, and where there never were gradients.
 * Source: PyTorch's clip_grad_norm_ and clip_grad_value_.
 */
export function clipGradients(network: ParameterGroup, by: ClipGradients): void {
  checkGroup("clipGradients", network);
  checkAttributes<ClipGradients>("clipGradients", by, { norm: finite(0), value: finite(0) });
  const { norm, value } = by;
  if ((norm === undefined) === (value === undefined)) {
    throw new AttributeError("clipGradients: takes norm or value, one of both");
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
