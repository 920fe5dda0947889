// The messages between the benchmark and its contestants' processes.
import type { Counts } from "../counters.ts";
import type { ContestOptions, Losses } from "./contestant.ts";
import type { KernelRow } from "./kernel-rows.ts";

/** The contestants that can be started. */
export type ContestantName = "longhand" | "tfjs" | "jax-js";

/** What a contestant's process is started with. */
export interface StartOptions extends ContestOptions {
  readonly name: ContestantName;
  /** Longhand's recipe; the others only know `dcgan`. */
  readonly recipe: string;
  /** What changes the recipe: a factor for its widths, and a file of constants. */
  readonly width?: number | undefined;
  readonly config?: string | undefined;
  readonly adapter?: string | undefined;
}

/**
 * In order: build the model and run its first step; run a step; report what is known so far; put a kernel's operands on
 * the device and run it once; run it again.
 */
export type Command = "first" | "step" | "report" | { readonly kernel: KernelRow } | "launch";

/** A step's time, and its counted calls of WebGPU. The first step's time includes building the model. */
export interface StepReply {
  readonly milliseconds: number;
  readonly counts: Counts;
  /** Milliseconds of processor time, of all threads, if it is asked for. */
  readonly processor?: number;
}

/** A contestant's state so far. */
export interface Report extends Losses {
  readonly gradientNorms: readonly number[];
  readonly drawnLatents: readonly (readonly number[])[];
  /** The most bytes of GPU buffers that were alive at the same time, without the dataset. */
  readonly peakBytes: number;
  readonly multiplyAdds?: { readonly done: number; readonly needed: number };
}

/** The first message of a contestant's process, and then one answer to each command. */
export type Answer =
  | { readonly ready: string }
  | { readonly step: StepReply }
  | { readonly report: Report }
  | { readonly resultNorm: number }
  | { readonly error: string };
