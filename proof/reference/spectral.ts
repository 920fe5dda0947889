// Spectral normalisation of a matrix w (rows, outputs): one power iteration, and the gradient through w / σ.
import { map, type Ref, refOf, zip } from "./array.ts";
import { matmul } from "./matmul.ts";

/** The estimate of w's largest singular value: σ = leftᵀ · w · right, with both vectors of length 1. */
export interface Estimate {
  readonly left: Ref;
  readonly right: Ref;
  readonly sigma: number;
}

const total = (x: Ref): number => x.data.reduce((sum, value) => sum + value, 0);
const inner = (a: Ref, b: Ref): number => total(zip(a, b, (p, q) => p * q));

function unit(x: Ref): Ref {
  const length = Math.sqrt(inner(x, x));
  return map(x, (value) => value / length);
}

/** From a vector u (outputs) of any length: left = w · u, and right = wᵀ · left, or u itself where it `stays`. */
export function estimate(w: Ref, u: ArrayLike<number>, stays = false): Estimate {
  const held = refOf([u.length, 1], u);
  const left = unit(matmul(w, held));
  const right = unit(stays ? held : matmul(w, left, { transposeA: true }));
  return { left, right, sigma: inner(left, matmul(w, right)) };
}

/** The gradient by w, for g, the one by w / σ, with both vectors held: (g − (Σ g∘w / σ) · left · rightᵀ) / σ. */
export function throughEstimate(g: Ref, w: Ref, { left, right, sigma }: Estimate): Ref {
  const share = inner(g, w) / sigma;
  const outer = matmul(left, right, { transposeB: true });
  return zip(g, outer, (flowing, both) => (flowing - share * both) / sigma);
}
