// Initial values of parameters, drawn on the device.
import { checkShape, type GpuArray } from "../gpu/array.ts";
import { checkArgument, finite } from "../kernels/attributes.ts";
import { stretched } from "../kernels/strided-copy.ts";
import { normal, uniform, type Rng } from "../kernels/random.ts";

/** Makes an array of the given shape. */
export type Initialiser = (rng: Rng, shape: readonly number[]) => GpuArray;

/** The same value for every element. */
export function constant(value: number): Initialiser {
  checkArgument("constant", "value", value, finite());
  return (rng, shape) => {
    const { device } = rng.state;
    const one = device.upload(Float32Array.of(value), [], "f32", "constant");
    return stretched("constant", one, shape);
  };
}

/** Normal numbers with mean 0. Radford et al. 2015 use a deviation of 0.02 for every layer of a DCGAN. */
export function normalInitialiser(deviation = 0.02): Initialiser {
  checkArgument("normalInitialiser", "deviation", deviation, finite(0));
  return (rng, shape) => normal(rng, shape, 0, deviation);
}

/** Returns the number of inputs of a unit: the product of all extents except the last. */
function fanIn(shape: readonly number[]): number {
  return shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
}

/**
 * Uniform in ±1 / sqrt(fan in), as PyTorch initialises the kernels and biases of its layers. A bias's shape doesn't
 * show its fan in, so give its kernel's shape.
 */
export function fanInUniform(kernel?: readonly number[]): Initialiser {
  if (kernel !== undefined) checkShape("fanInUniform", kernel);
  return (rng, shape) => {
    const limit = 1 / Math.sqrt(fanIn(kernel ?? shape));
    return uniform(rng, shape, -limit, limit);
  };
}

/**
 * Uniform in ±sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010). The fans are the last two extents
 * times the receptive field, as Keras counts them.
 */
export function glorotUniform(): Initialiser {
  return (rng, shape) => {
    const field = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
    const fans = (shape.at(-1) ?? 1) * field + (shape.at(-2) ?? 1) * field;
    const limit = Math.sqrt(6 / fans);
    return uniform(rng, shape, -limit, limit);
  };
}
