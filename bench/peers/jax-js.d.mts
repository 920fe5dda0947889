// The types of jax-js.mjs, in which jax-js builds the same model.
import type { Contestant, ContestOptions } from "../contestants/contestant.ts";
import type { KernelContestant, KernelRow } from "../contestants/kernel-rows.ts";

/** Builds the model on `navigator.gpu`, with WebGPU's globals in place before the import. */
export function create(options: ContestOptions): Promise<Contestant>;

/** Puts one kernel's operands on the device. */
export function createKernel(row: KernelRow): Promise<KernelContestant>;
