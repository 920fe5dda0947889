// Random numbers as tensors.
import * as draws from "../kernels/random.ts";
import { Tensor } from "./tensor.ts";

type Rng = draws.Rng;
type Shape = readonly number[];

/** Uniform numbers in [low, high): see `uniform` of kernels/random.ts. */
export function uniform(rng: Rng, shape: Shape, low = 0, high = 1): Tensor {
  return new Tensor(draws.uniform(rng, shape, low, high));
}

/** Normal numbers with a mean and a standard deviation: see `normal` of kernels/random.ts. */
export function normal(rng: Rng, shape: Shape, mean = 0, deviation = 1): Tensor {
  return new Tensor(draws.normal(rng, shape, mean, deviation));
}

/** 1 with a probability, else 0: see `bernoulli` of kernels/random.ts. */
export function bernoulli(rng: Rng, shape: Shape, probability: number): Tensor {
  return new Tensor(draws.bernoulli(rng, shape, probability));
}
