// What the page in web/ uses besides the package's entries: parts that the command line has too, and that the package
// doesn't offer. Nothing here needs Node.
export type { GpuArray } from "./gpu/array.ts";
export { sizeOf } from "./gpu/array.ts";
export { bufferOf } from "./gpu/binding.ts";
export type { Device } from "./gpu/device.ts";
export { openDevice } from "./gpu/device.ts";
export {
  AdapterError,
  CheckpointError,
  DataError,
  DeviceLostError,
  LonghandError,
  OutputError,
  UsageError,
} from "./gpu/errors.ts";
export { quote, wordsOf } from "./gpu/foreign-text.ts";
export { kernelsVersion, tune, workloadsOf } from "./kernels/autotune.ts";
export type { ActivationType } from "./kernels/epilogue-attributes.ts";
export { useChoices } from "./kernels/variant.ts";
export { parameterCount } from "./nn/parameters.ts";
export { checkpointFiles } from "./checkpoint/arrays.ts";
export { sha256, withWebHashes } from "./checkpoint/hashing.ts";
export { formatRows, joined } from "./checkpoint/jsonl-lines.ts";
export { encodeIdx, imageSet, parseIdx, type ImageSet } from "./data/idx.ts";
export { addCaption } from "./pictures/caption.ts";
export { encodeGif } from "./pictures/gif.ts";
export { tileGrid, toGray, type GrayImage } from "./pictures/grid.ts";
export { clustersNearTo, withClusters } from "./gan/clusters.ts";
export { checkGan } from "./gan/gan.ts";
export { compileDrawing, type Drawing } from "./gan/drawing.ts";
export {
  compileActivations,
  layersOf,
  type Activations,
  type LayerFacts,
} from "./gan/inside/activations.ts";
export { compileGradientNorms } from "./gan/inside/gradient-norms.ts";
export { inspectStep, type InspectedStep, type StepLaunch } from "./gan/inside/launches.ts";
export { compileSlowStep, type SlowPart, type SlowStep } from "./gan/slow-step.ts";
export { standIns } from "./gan/stand-in.ts";
export type { Player, StepPart } from "./gan/steps/parts.ts";
export { floorOf, type Ceilings } from "./gpu/inspection/roofline.ts";
export { profile } from "./gpu/inspection/profile.ts";
export { measureCeilings } from "./kernels/ceilings.ts";
export { timeVariant, variantsOf } from "./kernels/timed-variant.ts";
export type { Variant } from "./kernels/variant.ts";
export { standInTraining } from "./gan/memory.ts";
export { stepsOf } from "./gan/train-steps.ts";
export { openAdapter, shaderText } from "./gpu/browser.ts";
export { formatChoices, parseChoices, type Choices } from "./runs/choices.ts";
export { constantsOf, withConstants, type ConstantValues } from "./runs/constants.ts";
export { formatRecord, type RunRecord } from "./runs/run-record.ts";
export { restoreGan } from "./runs/restore-gan.ts";
export { readRun, runFiles, type KeptRun, type RunFiles } from "./runs/kept/run-files.ts";
export {
  createRunStore,
  StorageFullError,
  type FileTree,
  type RunStore,
  type StoredRun,
} from "./runs/kept/run-store.ts";
export { runInFolder, unzipRun, zipRun } from "./runs/kept/run-zip.ts";
export { checkGpu } from "./gpu-check/check.ts";
export { PHASE_WORDS, type Phase } from "./gpu-check/phases.ts";
export { aboutAdapter, formatCheck } from "./gpu-check/report.ts";
export { checkTables } from "./gpu-check/tables.ts";
export { arc } from "./gan/latent.ts";
export {
  hold,
  principalDirections,
  type PrincipalDirection,
  randomDirections,
  turned,
  type Hold,
} from "./gan/directions.ts";
export { verdictsOn } from "./gan/verdicts.ts";
export { drawnDigit, type Stroke } from "./pictures/strokes.ts";
export { grayOfPicture, type Gray } from "./data/fit-image.ts";
export {
  addIdxFiles,
  collectImages,
  looksLikeIdx,
  type Invert,
  type OwnOptions,
  type SkippedFile,
} from "./data/own-images.ts";
export { SERVED, parseServed, type ServedFile } from "./data/served.ts";
export { digitsOf, judgeImages, judgeOne, type Judge } from "./judge/judge.ts";
export { loadJudge } from "./judge/kept.ts";
export { decodeRealSide, frechetAgainst, type RealSide } from "./judge/real-side.ts";
export { loadTrained, type Trained } from "./runs/trained-file.ts";
export { asImage, errorBetween } from "./gan/projection.ts";
export type { PipelineRequest } from "./gpu/pipelines.ts";
export { joinedText, specialise } from "./gpu/shader.ts";
