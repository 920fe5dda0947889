// The interface of the benchmark's contestants: the same training step, by different libraries.

/** Mean losses of a step, in nats. */
export interface Losses {
  readonly lossD: number;
  readonly lossG: number;
}

/**
 * What makes contestants comparable: the initial weights of `initialWeights`, no dropout, and the same real images and
 * latents. Then the losses and gradients must be the same too.
 */
export interface CheckInput {
  /** (batch, 28, 28, 1), in [−1, 1]. */
  readonly images: readonly number[];
  /** (batch, 100), for each step in turn; Longhand draws its own. */
  readonly latents: readonly (readonly number[])[];
}

/** What a contestant trains. */
export interface ContestOptions {
  readonly batch: number;
  readonly check?: CheckInput | undefined;
}

/** A library that trains the `dcgan`. */
export interface Contestant {
  /** Runs one step, data and noise included; resolves when the GPU has done it. */
  readonly step: () => Promise<void>;
  /** The losses of the last step. */
  readonly losses: () => Promise<Losses>;
  /** Euclidean norms of the last step's gradients, generator first, in the networks' order. */
  readonly gradientNorms: () => Promise<number[]>;
  /** The latents of each step so far, if the device draws them itself and `check` was given. */
  readonly drawnLatents?: () => readonly (readonly number[])[];
  /** Bytes of the whole dataset, if it is on the device. */
  readonly datasetBytes: number;
  /** Multiply-adds that a step does, and those that the mathematics needs, if they are known. */
  readonly multiplyAdds?: { readonly done: number; readonly needed: number };
}

/** Returns the Euclidean norm. */
export function norm(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
