// What a projection found, in words.
import type { Projected } from "../../gan/projection.ts";
import { SAMPLES, type Ground } from "../../runs/projecting.ts";

/** Returns how close it came, next to how close random samples are. */
export function summary(
  { error, norm, latent, digit }: Projected,
  { nearest, between }: Ground,
): string[] {
  const what = digit === undefined ? "" : `, as a ${digit}`;
  const usual = Math.sqrt(latent.length).toFixed(1);
  return [
    `Error ${error.toFixed(4)}${what}: the mean squared difference of a pixel, black and white being 2 apart.`,
    `The nearest of ${SAMPLES.toLocaleString("en")} random samples is ${nearest.toFixed(4)} off; two of them differ by ${between.toFixed(4)} on average.`,
    `The latent's norm is ${norm.toFixed(1)}, where random ones have ${usual} ± 0.7.`,
  ];
}
