// The public API, which runs in Node and in browsers. Node's adapters are in `longhand/node`.

export {
  checkGradients,
  type GradientCheck,
  type GradientCheckOptions,
} from "./autograd/check-gradients.ts";
export { compile, type Outputs, type Program } from "./autograd/compile.ts";
export * from "./autograd/compositions.ts";
export {
  defineOp,
  type AttributeValues,
  type DefinedOp,
  type KernelCall,
  type Kernels,
  type OpDefinition,
} from "./autograd/define-op.ts";
export { bernoulli, normal, uniform } from "./autograd/draws.ts";
export { tensor, type Values } from "./autograd/from-host.ts";
export * from "./autograd/losses.ts";
export * from "./autograd/ops.ts";
export { grad, vectorJacobian, type TensorsLike } from "./autograd/grad.ts";
export { noGrad, Tensor, variable } from "./autograd/tensor.ts";
export type { DType, GpuArray, HostData } from "./gpu/array.ts";
export type { DeviceOptions } from "./gpu/device-options.ts";
export { openDevice, type Device } from "./gpu/device.ts";
export {
  kernelChoices,
  type KernelChoices,
  type Variant,
  type Workload,
} from "./kernels/variant.ts";
export * from "./gpu/errors.ts";
export type { StopSignal } from "./gpu/stop-signal.ts";
export type { ProgramOptions, RunOptions } from "./gpu/program.ts";
export type { AdamConvention, AdamOptions } from "./kernels/adam.ts";
export type { BatchNormAttributes, RunningVariance } from "./kernels/batch-norm.ts";
export type { BinaryCrossEntropyBounds } from "./kernels/binary-cross-entropy.ts";
export type { CastAttributes } from "./kernels/cast.ts";
export type { ConvolutionAttributes, Padding } from "./kernels/conv2d-geometry.ts";
export type { GatherAttributes } from "./kernels/gather.ts";
export type {
  GroupNormAttributes,
  InstanceNormAttributes,
  LayerNormAttributes,
} from "./kernels/group-norm.ts";
export type { GeluAttributes, HardSigmoidAttributes } from "./kernels/gates.ts";
export type { MinibatchStddevAttributes } from "./kernels/minibatch-stddev.ts";
export type { OneHotAttributes } from "./kernels/one-hot.ts";
export type {
  BroadcastAttributes,
  ConcatAttributes,
  SliceAttributes,
  TileAttributes,
  TransposeAttributes,
} from "./kernels/moves.ts";
export type { AxisPadding, PadAttributes } from "./kernels/pad.ts";
export type { AvgPoolAttributes, PoolAttributes } from "./kernels/pool.ts";
export { createRng, type DropoutAttributes, type Rng } from "./kernels/random.ts";
export type { ReduceAttributes } from "./kernels/reduce.ts";
export type { ResizeAttributes, ResizeEdges, ResizeMode } from "./kernels/resize.ts";
export type { ClipAttributes, EluAttributes, LeakyReluAttributes } from "./kernels/unary.ts";
export type { CumsumAttributes, ScanDirection } from "./kernels/scan.ts";
export type { SgdOptions } from "./kernels/sgd.ts";
export type { SoftmaxCrossEntropyRowsAttributes } from "./kernels/softmax-cross-entropy.ts";
export type { AxisAttribute, LogSumExpAttributes } from "./kernels/softmax.ts";
export type { TopKAttributes } from "./kernels/top-k.ts";
export { tune, workloadsOf, type Tuned, type TuneOptions, type Use } from "./kernels/autotune.ts";
export * as metrics from "./metrics/metrics.ts";
export { adam, type AdamOptimizerOptions } from "./nn/adam.ts";
export { batches, type Batches, type BatchOptions, type ImageBytes } from "./nn/batches.ts";
export { clipGradients, type ClipGradients } from "./nn/clip-gradients.ts";
export * as initialisers from "./nn/initialisers.ts";
export { kMeans, type Clusters, type KMeansOptions } from "./nn/k-means.ts";
export type { Layer, Mode, ParameterSpec } from "./nn/layer.ts";
export * as layers from "./nn/layers.ts";
export { movingAverage, type MovingAverageOptions } from "./nn/moving-average.ts";
export { sequential, type Network } from "./nn/network.ts";
export { noisePenalty, type NoisePenaltyOptions } from "./nn/noise-penalty.ts";
export { parameterGroup, type Parameter, type ParameterGroup } from "./nn/parameters.ts";
export type { Optimizer } from "./nn/optimizer.ts";
export * as schedules from "./nn/schedules.ts";
export { sgd, type SgdOptimizerOptions } from "./nn/sgd.ts";
export {
  runSteps,
  trainLoop,
  type Callback,
  type LoopControl,
  type LoopEnd,
  type StepReport,
  type StepsOptions,
  type TrainLoopOptions,
} from "./nn/train-loop.ts";
