// The noise penalty: how much a discriminator's outputs change under a little noise. It stands for a penalty on the
// gradients with respect to its images, and needs no second derivatives.
import { add, mean, square, sub } from "../autograd/ops.ts";
import { normal } from "../autograd/draws.ts";
import { arraysOf, Tensor } from "../autograd/tensor.ts";
import { formatShape } from "../gpu/array.ts";
import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import {
  callback,
  checkArgument,
  checkAttributes,
  either,
  needed,
  positive,
} from "../kernels/attributes.ts";
import { isRng, type Rng } from "../kernels/random.ts";
import { isNetwork, type Network } from "./network.ts";

/** The standard deviation of the noise if none is given, for pixels in [−1, 1]. */
export const DEVIATION = 0.05;

/** Options of the noise penalty. */
export interface NoisePenaltyOptions {
  /** Where the noise comes from, and a network's masks of dropout. */
  readonly rng: Rng;
  /** The noise's standard deviation σ. Default 0.05. */
  readonly deviation?: number;
}

const OP = "noisePenalty";

/**
 * Returns mean (D(x) − D(x + σ · ε))² over all outputs of a discriminator on some images, as a scalar, with normal ε.
 * Added to the discriminator's loss with a weight λ, it keeps the discriminator from changing steeply near its images:
 * for small σ, it is about σ² times the squared norm of dD/dx, so λ · σ² acts as R1's γ / 2. Gradients flow
 * through both forwards, and to the images if they are tracked: detach generated ones.
 *
 * A network's forwards are those of training; the second one leaves running statistics as they are. For another mode,
 * or the outputs of some classes, give a function: `(x) => d.forward(x, { training: true, rng, batches: 2 })`. Draws
 * from `rng` are the same in both forwards, so dropout has the same masks. The weights of `spectral` differ a little from
 * one forward to the next until its power iteration has converged, which the penalty then includes.
 *
 * Throws `ShapeError` if there are no images, `DTypeError` unless they and the function's results are tensors of f32,
 * and `AttributeError` on other arguments.
 * Source: Lin et al. 2025 (APT, arXiv 2501.08316), the approximated R1 and R2.
 */
export function noisePenalty(
  discriminator: Network | ((images: Tensor) => Tensor),
  images: Tensor,
  options: NoisePenaltyOptions,
): Tensor {
  checkArgument(OP, "what judges", discriminator, either(isNetwork, callback));
  checkAttributes<NoisePenaltyOptions>(OP, options, { rng: needed(isRng), deviation: positive });
  arraysOf(OP, [images]);
  const { shape } = images;
  if (images.array.size === 0) {
    throw new ShapeError(`${OP}: needs at least one image; got ${formatShape(shape)}`);
  }
  const { rng, deviation = DEVIATION } = options;
  const judge = (x: Tensor, track: boolean): Tensor => {
    if (typeof discriminator !== "function") {
      return discriminator.forward(x, { training: true, rng, track });
    }
    const outputs: unknown = discriminator(x);
    if (outputs instanceof Tensor) return outputs;
    throw new DTypeError(`${OP}: the function must return a Tensor; got ${show(outputs)}`);
  };
  const noisy = add(images, normal(rng, shape, 0, deviation));
  const first = rng.nextStream;
  const outputs = judge(images, true);
  rng.nextStream = first;
  return mean(square(sub(outputs, judge(noisy, false))));
}
