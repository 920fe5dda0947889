// `longhand/gan`: GANs from recipes, their training, samples and latent space, on any device.
export { clusterImages, type ImageClusters } from "./gan/clusters.ts";
export {
  createGan,
  createModels,
  planEpoch,
  type CheckpointFile,
  type ClusterArrays,
  type EpochPlan,
  type Gan,
  type GanOptions,
  type Images,
  type Models,
} from "./gan/gan.ts";
export { drawImages, drawSamples, generatorInputs, latents, verdict } from "./gan/samples.ts";
export { walk, type WalkOptions } from "./gan/latent.ts";
export { limitsForTraining, type Training, type TrainingAdapter } from "./gan/memory.ts";
export {
  project,
  type Projected,
  type ProjectionOptions,
  type ProjectionProgress,
} from "./gan/projection.ts";
export {
  checkRecipe,
  scaled,
  type Constants,
  type Loss,
  type Recipe,
  type StepOrder,
  type Widths,
} from "./gan/recipe.ts";
export { recipeNamed, recipes } from "./gan/recipes/list.ts";
export {
  compileSteps,
  train,
  type Progress,
  type StepPrograms,
  type StepRecord,
  type TrainOptions,
} from "./gan/train-steps.ts";
export { stepWorkloads } from "./gan/tune.ts";
