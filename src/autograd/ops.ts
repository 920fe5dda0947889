// The ops as functions of tensors, grouped by what they work on.
export * from "./ops/activations.ts";
export * from "./ops/axes.ts";
export * from "./ops/elements.ts";
export * from "./ops/conditions.ts";
export * from "./ops/functions.ts";
export * from "./ops/images.ts";
export * from "./ops/layers.ts";
export * from "./ops/moves.ts";
export type { Bias } from "./lift.ts";
