// The ops: each op of the kernels as a function of tensors, one line each, by what it works on.
export * from "./ops/activations.ts";
export * from "./ops/axes.ts";
export * from "./ops/elements.ts";
export * from "./ops/conditions.ts";
export * from "./ops/functions.ts";
export * from "./ops/images.ts";
export * from "./ops/layers.ts";
export * from "./ops/moves.ts";
export type { Bias } from "./lift.ts";
