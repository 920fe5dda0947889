// Processes that train one model together, as the engine sees them: which one this is, and what they exchange.

/**
 * The processes that train one model together. Exchanges are collective: every rank calls the same ones in the same
 * order, with arrays of the same lengths. They fail with `RanksError`.
 */
export interface Ranks {
  /** This process's number, from 0. */
  readonly rank: number;
  readonly size: number;
  /**
   * Adds up an array of floats over all ranks, in place, with equal bits on every rank. Values travel in 16 bits if asked
   * to.
   */
  readonly sum: (values: Float32Array<ArrayBuffer>, type?: "f32" | "f16") => Promise<void>;
  /** Puts the parts of all ranks one after another into `all`. */
  readonly gather: (
    part: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
    all: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  ) => Promise<void>;
}

/** One of several equal parts: that of a rank, of a batch. */
export interface Part {
  readonly rank: number;
  readonly size: number;
}
