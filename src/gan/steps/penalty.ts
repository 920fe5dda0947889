// The noise penalty of a simultaneous step: the discriminator's loss with what noise on all images of the step adds.
import { add, mul, oneHot, reshape, square, sub, sum } from "../../autograd/ops.ts";
import { Tensor } from "../../autograd/tensor.ts";
import type { GpuArray } from "../../gpu/array.ts";
import { binary } from "../../kernels/binary.ts";
import { normal } from "../../kernels/random.ts";
import { DEVIATION } from "../../nn/noise-penalty.ts";
import type { Gan } from "../gan.ts";
import { conditionCount } from "../recipe.ts";
import { judgingMode } from "./parts.ts";

/** What a step has judged. */
interface Judged {
  /** (2B, H, W, C): real images, then generated ones. No gradient flows to them. */
  readonly images: GpuArray;
  /** (2B, 1) or (2B, K), on the tape. */
  readonly outputs: Tensor;
  /** The gradient of lossD with respect to the outputs. */
  readonly dDiscriminator: GpuArray;
  /** (B): which outputs count, if there are classes or clusters. */
  readonly classes: GpuArray | undefined;
  /** The first stream of the masks, which the noisy images share. */
  readonly masks: number;
}

/**
 * Returns a scalar with the gradients of lossD + λ · (mean (D(x) − D(x + σ · ε))² on real x + the same on generated x),
 * with λ `penalty` and σ `penaltyNoise` of the recipe; see `noisePenalty`. ε takes the stream after the masks. Only the
 * scalar's gradients are lossD's: its value isn't.
 */
export function penalisedLoss(gan: Gan, judged: Judged): Tensor {
  const { discriminator, recipe, rng } = gan;
  const { images, outputs, dDiscriminator, classes, masks } = judged;
  const { penalty = 0, penaltyNoise = DEVIATION } = recipe;
  const count = images.shape[0]! / 2;
  const noise = normal(rng, images.shape, 0, penaltyNoise, 2);
  rng.nextStream = masks;
  const noisy = new Tensor(binary("add", images, noise));
  const again = discriminator.forward(noisy, { ...judgingMode(gan), batches: 2, track: false });
  const change = sub(outputs, again);
  const depth = conditionCount(recipe);
  const counted = classes
    ? mul(reshape(change, { shape: [2, count, depth] }), oneHot(new Tensor(classes), { depth }))
    : change;
  const lossD = sum(mul(outputs, new Tensor(dDiscriminator)));
  return add(lossD, mul(sum(square(counted)), penalty / count));
}
