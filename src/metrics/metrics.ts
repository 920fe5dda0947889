// Figures that say how close one set of samples is to another, in float64 on the host. Their inputs are the judge's
// features and probabilities. No device is needed.

export { classCounts, classifierScore, totalVariation } from "./classes.ts";
export type { OnProgress } from "./distances.ts";
export { frechetDistance, gaussianOf, type Gaussian } from "./frechet.ts";
export { kernelDistance } from "./kernel-distance.ts";
export type { Matrix } from "./matrix.ts";
export { ballRadii, neighbourhoods, NEIGHBOURS, type Neighbourhoods } from "./neighbourhoods.ts";
export { realism } from "./realism.ts";
export {
  realSet,
  summarise,
  type JudgedSet,
  type RealSet,
  type Summary,
  type SummaryOptions,
  type SummaryStage,
} from "./summary.ts";
