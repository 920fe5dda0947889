// The names that other libraries have for attributes, with ours, for errors. PyTorch's, Keras's, NumPy's and JAX's.

/** Ours by theirs. Ops call some things differently, so a name may have several: the first that an op takes is meant. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  align_corners: ["coordinates"],
  axes: ["axis", "permutation"],
  axis: ["axes"],
  batch_size: ["batch"],
  betas: ["beta1", "beta2"],
  bias_initializer: ["biasInitialiser"],
  beta_1: ["beta1"],
  beta_2: ["beta2"],
  classes: ["depth"],
  dilation: ["dilations"],
  dilation_rate: ["dilations"],
  dim: ["axes", "axis"],
  dims: ["axes", "axis", "permutation"],
  drop_last: ["dropLast"],
  dtype: ["to"],
  eps: ["epsilon"],
  from_logits: ["logits"],
  generator: ["rng"],
  ignore_index: ["ignoredClass"],
  initializer: ["initialiser"],
  kernel_initializer: ["initialiser"],
  kernel_size: ["size"],
  keepdim: ["keepDims"],
  keepdims: ["keepDims"],
  keep_dims: ["keepDims"],
  label_smoothing: ["labelSmoothing"],
  learning_rate: ["learningRate"],
  lr: ["learningRate"],
  max_norm: ["norm"],
  multiples: ["repetitions"],
  negative_slope: ["alpha"],
  num_classes: ["depth"],
  num_groups: ["groups"],
  numClasses: ["depth"],
  output_padding: ["outputPadding"],
  p: ["rate"],
  perm: ["permutation"],
  pool_size: ["size"],
  repeats: ["repetitions"],
  reps: ["repetitions"],
  requires_grad: ["tracked"],
  requiresGrad: ["tracked"],
  scale_factor: ["scale"],
  seed: ["rng"],
  slope: ["alpha"],
  stride: ["strides"],
  train: ["training"],
  transpose_a: ["transposeA"],
  transpose_b: ["transposeB"],
  use_bias: ["bias"],
  useBias: ["bias"],
  weight: ["classWeights"],
  weight_decay: ["weightDecay"],
};

/** Returns what to write for a name of another library; nothing if the op takes nothing of that meaning. */
export function oursFor(name: string, taken: readonly string[]): string {
  const ours = (Object.hasOwn(OURS, name) ? OURS[name]! : []).filter((each) =>
    taken.includes(each),
  );
  if (ours.length === 0) return "";
  return `: write ${name === "betas" ? ours.join(" and ") : ours[0]}`;
}
