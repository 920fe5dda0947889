// A GAN's losses as functions of one verdict each, for each kind of verdict, with their slopes.
import { log, sigmoid, softplus, type Unary } from "./unary.ts";

/** What verdicts are, and so what losses are made of. `paired` takes how far each lies above that of its pair. */
export type Form = "logits" | "hinge" | "paired" | "sigmoid" | "probabilities" | "clamped";

/** A function of −x. */
const mirrored = ({ value, slope }: Unary): Unary => ({
  value: (x) => value(-x),
  slope: (x) => -slope(-x),
});

// Where probabilities are held, as float32 has it.
const LOW = Math.fround(1e-7);
const HIGH = Math.fround(1 - 1e-7);

const held = (p: number): number => Math.min(Math.max(p, LOW), HIGH);
const outside = (p: number): boolean => p < LOW || p > HIGH;
const variance = (p: number): number => Math.max(p * (1 - p), 1e-12);

const hinge: Unary = {
  value: (x) => Math.max(0, 1 + x),
  slope: (x) => (x <= -1 ? 0 : 1),
};

/** The loss of an image that is said to be real. */
const REAL: Readonly<Record<Form, Unary>> = {
  logits: mirrored(softplus),
  hinge: mirrored(hinge),
  paired: mirrored(softplus),
  // Of the probability, with no bound: float64 holds it well away from 1.
  sigmoid: { value: (p) => -log.value(p), slope: (p) => -1 / p },
  probabilities: {
    value: (p) => -log.value(held(p)),
    slope: (p) => (outside(p) ? 0 : -1 / p),
  },
  clamped: {
    value: (p) => -Math.max(log.value(p), -100),
    slope: (p) => (p - 1) / variance(p),
  },
};

/** The loss of an image that is said to be generated. */
const FAKE: Readonly<Record<Form, Unary>> = {
  logits: softplus,
  hinge,
  paired: softplus,
  sigmoid: { value: (p) => -Math.log1p(-p), slope: (p) => 1 / (1 - p) },
  probabilities: {
    value: (p) => -Math.log1p(-held(p)),
    slope: (p) => (outside(p) ? 0 : 1 / (1 - p)),
  },
  clamped: {
    value: (p) => -Math.max(Math.log1p(-p), -100),
    slope: (p) => p / variance(p),
  },
};

/** The discriminator's loss on a real image, whose label is 1 less the smoothing. */
export function asReal(form: Form, smoothing = 0): Unary {
  const [yes, no] = [REAL[form], FAKE[form]];
  if (smoothing === 0) return yes;
  return {
    value: (x) => (1 - smoothing) * yes.value(x) + smoothing * no.value(x),
    slope: (x) => (1 - smoothing) * yes.slope(x) + smoothing * no.slope(x),
  };
}

/** The discriminator's loss on a generated image. */
export const asFake = (form: Form): Unary => FAKE[form];

/** The generator's loss on an image of its own. */
export const generatorLoss = (form: Form): Unary =>
  form === "hinge" ? { value: (x) => -x, slope: () => -1 } : REAL[form];

/** A verdict as a probability. */
export const probability = (form: Form): ((x: number) => number) =>
  form === "logits" || form === "hinge" || form === "paired" ? sigmoid.value : (p) => p;
