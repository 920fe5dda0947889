// Adam in two conventions: Kingma and Ba's algorithm 1, and the formula just before their section 2.1.
import { type Ref, zip } from "./array.ts";

/** Adam's constants. */
export interface AdamOptions {
  readonly convention: "pytorch" | "keras";
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** A parameter with its first and second moments, all of one shape. */
export interface AdamSlot {
  readonly x: Ref;
  readonly m: Ref;
  readonly v: Ref;
}

/**
 * One step with gradient g, the t-th from 1: m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², and then
 * x = x − lr · (m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε) by PyTorch's convention,
 * x = x − lr · √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε) by Keras's.
 */
export function adamStep(slot: AdamSlot, g: Ref, t: number, options: AdamOptions): AdamSlot {
  const { convention, learningRate, beta1, beta2, epsilon } = options;
  const m = zip(slot.m, g, (old, now) => beta1 * old + (1 - beta1) * now);
  const v = zip(slot.v, g, (old, now) => beta2 * old + (1 - beta2) * now * now);
  const alpha = (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
  const step = zip(m, v, (first, second) => {
    if (convention === "keras") return (alpha * first) / (Math.sqrt(second) + epsilon);
    const mHat = first / (1 - beta1 ** t);
    const vHat = second / (1 - beta2 ** t);
    return (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
  });
  return { x: zip(slot.x, step, (x, d) => x - d), m, v };
}
