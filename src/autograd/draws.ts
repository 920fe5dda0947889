// Random numbers as tensors.
import * as draws from "../kernels/random.ts";
import { Tensor } from "./tensor.ts";

type Rng = draws.Rng;
type Shape = readonly number[];

/**
 * Uniform numbers in [low, high), of 24 random bits each. Takes one stream of the Rng.
 *
 * Shapes: rng (its state), shape (…), low (0), high (1) → shape.
 * Gradient: none.
 * Throws: `ShapeError` on an invalid shape; `AttributeError` if rng is not an Rng, and unless low ≤ high and both are
 * finite.
 * Source: Philox 4×32-10 (Salmon et al. 2011).
 */
export function uniform(rng: Rng, shape: Shape, low = 0, high = 1): Tensor {
  return new Tensor(draws.uniform(rng, shape, low, high));
}

/**
 * Normal numbers with a mean and a standard deviation, by Box–Muller. Takes one stream of the Rng.
 *
 * Shapes: rng (its state), shape (…), mean (0), deviation (1) → shape.
 * Gradient: none.
 * Throws: `ShapeError` on an invalid shape; `AttributeError` if rng is not an Rng, and unless mean and deviation are
 * finite and deviation ≥ 0.
 * Source: Philox 4×32-10 (Salmon et al. 2011); Box and Muller 1958.
 */
export function normal(rng: Rng, shape: Shape, mean = 0, deviation = 1): Tensor {
  return new Tensor(draws.normal(rng, shape, mean, deviation));
}

/**
 * 1 with the given probability, else 0. An element is 1 if `uniform` from the same stream is below the probability (as
 * float32).
 *
 * Shapes: rng (its state), shape (…), probability (in [0, 1]) → shape.
 * Gradient: none.
 * Throws: `ShapeError` on an invalid shape; `AttributeError` if rng is not an Rng, and on a probability outside [0, 1].
 * Source: PyTorch's bernoulli.
 */
export function bernoulli(rng: Rng, shape: Shape, probability: number): Tensor {
  return new Tensor(draws.bernoulli(rng, shape, probability));
}
