// The dcgan's parameters, and initial values that every contestant can compute.
import { uniforms } from "../../src/kernels/host-draws.ts";

export { uniforms };

/** One parameter, with its shape in Keras. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The generator's parameters in order. */
export const GENERATOR: readonly WeightSpec[] = [
  { name: "dense.kernel", shape: [100, 7 * 7 * 256] },
  { name: "batch_norm.gamma", shape: [7 * 7 * 256] },
  { name: "batch_norm.beta", shape: [7 * 7 * 256] },
  { name: "conv_transpose2d.filter", shape: [5, 5, 128, 256] },
  { name: "batch_norm_1.gamma", shape: [128] },
  { name: "batch_norm_1.beta", shape: [128] },
  { name: "conv_transpose2d_1.filter", shape: [5, 5, 64, 128] },
  { name: "batch_norm_2.gamma", shape: [64] },
  { name: "batch_norm_2.beta", shape: [64] },
  { name: "conv_transpose2d_2.filter", shape: [5, 5, 1, 64] },
];

/** The discriminator's parameters in order. */
export const DISCRIMINATOR: readonly WeightSpec[] = [
  { name: "conv2d.filter", shape: [5, 5, 1, 64] },
  { name: "conv2d.bias", shape: [64] },
  { name: "conv2d_1.filter", shape: [5, 5, 64, 128] },
  { name: "conv2d_1.bias", shape: [128] },
  { name: "dense.kernel", shape: [7 * 7 * 128, 1] },
  { name: "dense.bias", shape: [1] },
];

/** Returns the number of elements of a shape. */
export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

/**
 * Returns the initial values of a network's parameters, in Keras's layouts: Glorot uniform for kernels, near 1 or 0 for
 * the others.
 */
export function initialWeights(
  specs: readonly WeightSpec[],
  seed: number,
): Float32Array<ArrayBuffer>[] {
  const next = uniforms(seed);
  return specs.map(({ name, shape }) => {
    const field = sizeOf(shape.slice(0, -2));
    const fans = field * ((shape.at(-1) ?? 1) + (shape.at(-2) ?? 1));
    const kernel = shape.length > 1;
    const limit = kernel ? Math.sqrt(6 / fans) : 0.1;
    const centre = name.endsWith("gamma") ? 1 : 0;
    return Float32Array.from({ length: sizeOf(shape) }, () => centre + limit * (2 * next() - 1));
  });
}

/** Draws standard normal latents and uniform images in [−1, 1] for one step, on the host. */
export function drawBatch(
  batch: number,
  next: () => number,
): { readonly latents: Float32Array<ArrayBuffer>; readonly images: Float32Array<ArrayBuffer> } {
  const gauss = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    latents: Float32Array.from({ length: batch * 100 }, gauss),
    images: Float32Array.from({ length: batch * 784 }, () => 2 * next() - 1),
  };
}

/** Seeds of the two networks' initial weights. */
export const SEEDS = { generator: 1, discriminator: 2 } as const;
