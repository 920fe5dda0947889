import type { Contestant, ContestOptions } from "../contestants/contestant.ts";

/** Builds the model on `navigator.gpu`, with WebGPU's globals in place before the import. */
export function create(options: ContestOptions): Promise<Contestant>;
