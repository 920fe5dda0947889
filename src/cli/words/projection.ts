// What a projection found, in words.
import type { Projected } from "../../gan/projection.ts";
import { SAMPLES, type Ground } from "../../runs/projecting.ts";

/** Says how close a projection came, compared with random samples. */
export function summary(
  { error, norm, latent, digit }: Projected,
  { nearest, between }: Ground,
): string[] {
  const what = digit === undefined ? "" : `, as a ${digit}`;
  const usual = Math.sqrt(latent.length).toFixed(1);
  return [
    `Error ${error.toFixed(4)}${what}: the mean squared difference per pixel, where black and white are 2 apart.`,
    `The nearest of ${SAMPLES.toLocaleString("en")} random samples is ${nearest.toFixed(4)} off; two of them differ by ${between.toFixed(4)} on average.`,
    `The latent's norm is ${norm.toFixed(1)}; random latents have ${usual} ± 0.7.`,
  ];
}
