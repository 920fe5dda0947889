// batch norm: out = (x − mean) / sqrt(var + ε) · γ + β for each channel, the last axis; rows are all
// the others together. Training takes mean and variance (population) from the batch, in one pass over
// it; inference takes the running ones.

const ROWS = 64u;
const CHANNELS = 8u;
const SPLITS = 1u; // partial sums a channel, over CHUNK rows each, added in a fixed order
const CHUNK = 64u;
const EPSILON = 0.001f;
const MOMENTUM = 0.99f; // running = MOMENTUM · running + (1 − MOMENTUM) · batch
const REST = 0.01f; // 1 − MOMENTUM, rounded on the host from float64
const VARIANCE_FACTOR = 1f; // of the batch's variance as it enters the running one; n / (n − 1) unbiases it
const TRACK = true;

// Where each array starts in its binding, in 32-bit words.
const INP_AT = 0u;
const PARTIAL_AT = 0u;
const PARTIALS_AT = 0u;
const MOMENTS_AT = 0u;
const RUNNING_AT = 0u;
const STATS_AT = 0u;
const GAMMA_AT = 0u;
const BETA_AT = 0u;
const OUT_AT = 0u;
const DOUT_AT = 0u;
const DGAMMA_AT = 0u;
const DBETA_AT = 0u;
const GAMMA_SUM_AT = 0u;
const BETA_SUM_AT = 0u;
const DINP_AT = 0u;

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (R, C)
@group(0) @binding(1) var<storage, read_write> partial: array<f32>; // (SPLITS, 2, C)
@group(0) @binding(2) var<storage, read> partials: array<f32>; // the same, to be read
@group(0) @binding(3) var<storage, read_write> moments: array<f32>; // (2, C): mean, 1 / sqrt(var + ε)
@group(0) @binding(4) var<storage, read_write> running: array<f32>; // (2, C): mean, variance
@group(0) @binding(5) var<storage, read> stats: array<f32>; // moments or running, to be read
@group(0) @binding(6) var<storage, read> gamma: array<f32>; // (C)
@group(0) @binding(7) var<storage, read> beta: array<f32>; // (C)
@group(0) @binding(8) var<storage, read_write> out: array<f32>; // (R, C)
@group(0) @binding(9) var<storage, read> dout: array<f32>; // (R, C)
@group(0) @binding(10) var<storage, read_write> dgamma: array<f32>; // (C)
@group(0) @binding(11) var<storage, read_write> dbeta: array<f32>; // (C)
@group(0) @binding(12) var<storage, read> gamma_sum: array<f32>; // dgamma, to be read
@group(0) @binding(13) var<storage, read> beta_sum: array<f32>; // dbeta, to be read
@group(0) @binding(14) var<storage, read_write> dinp: array<f32>; // (R, C)

fn linear(group: vec3u, groups: vec3u, lane: u32) -> u32 {
  return (group.y * groups.x + group.x) * 64u + lane;
}

// Welford: the mean and the sum of squared deviations of one run of rows, exact for large means where
// E[x²] − E[x]² would cancel. Counted from the channel's first element: near a mean of 1,000 the running
// mean itself would lose digits at each of its roundings.
@compute @workgroup_size(64)
fn batch_partials(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear(group, groups, lane);
  if (index >= SPLITS * CHANNELS) { return; }
  let c = index % CHANNELS;
  let split = index / CHANNELS;
  let end = min(ROWS, (split + 1u) * CHUNK);
  var mean = 0f;
  var squares = 0f;
  for (var row = split * CHUNK; row < end; row++) {
    let x = inp[INP_AT + row * CHANNELS + c] - inp[INP_AT + c];
    let delta = x - mean;
    mean += delta / f32(row - split * CHUNK + 1u);
    squares += delta * (x - mean);
  }
  partial[PARTIAL_AT + split * 2u * CHANNELS + c] = mean;
  partial[PARTIAL_AT + (split * 2u + 1u) * CHANNELS + c] = squares;
}

// Chan: runs of rows joined two at a time, in order; then the running statistics.
@compute @workgroup_size(64)
fn batch_moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = linear(group, groups, lane);
  if (c >= CHANNELS) { return; }
  var mean = partials[PARTIALS_AT + c];
  var squares = partials[PARTIALS_AT + CHANNELS + c];
  var count = f32(min(ROWS, CHUNK));
  for (var split = 1u; split < SPLITS; split++) {
    let rows = f32(min(ROWS, (split + 1u) * CHUNK) - split * CHUNK);
    let delta = partials[PARTIALS_AT + split * 2u * CHANNELS + c] - mean;
    let total = count + rows;
    mean += delta * (rows / total);
    squares += partials[PARTIALS_AT + (split * 2u + 1u) * CHANNELS + c] + delta * delta * (count * rows / total);
    count = total;
  }
  mean += inp[INP_AT + c];
  let variance = squares / f32(ROWS);
  moments[MOMENTS_AT + c] = mean;
  moments[MOMENTS_AT + CHANNELS + c] = 1f / sqrt(variance + EPSILON);
  if (TRACK) {
    running[RUNNING_AT + c] = MOMENTUM * running[RUNNING_AT + c] + REST * mean;
    running[RUNNING_AT + CHANNELS + c] = MOMENTUM * running[RUNNING_AT + CHANNELS + c] + REST * (variance * VARIANCE_FACTOR);
  }
}

@compute @workgroup_size(64)
fn normalise(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear(group, groups, lane);
  if (index >= ROWS * CHANNELS) { return; }
  let c = index % CHANNELS;
  out[OUT_AT + index] = (inp[INP_AT + index] - stats[STATS_AT + c]) * stats[STATS_AT + CHANNELS + c] * gamma[GAMMA_AT + c] + beta[BETA_AT + c];
}

// Inference: the running statistics in the form that `normalise` takes.
@compute @workgroup_size(64)
fn running_moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = linear(group, groups, lane);
  if (c >= CHANNELS) { return; }
  moments[MOMENTS_AT + c] = stats[STATS_AT + c];
  moments[MOMENTS_AT + CHANNELS + c] = 1f / sqrt(stats[STATS_AT + CHANNELS + c] + EPSILON);
}

// Σ dout · x̂ and Σ dout over one run of rows.
@compute @workgroup_size(64)
fn backward_partials(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear(group, groups, lane);
  if (index >= SPLITS * CHANNELS) { return; }
  let c = index % CHANNELS;
  let split = index / CHANNELS;
  let end = min(ROWS, (split + 1u) * CHUNK);
  var scaled = 0f;
  var plain = 0f;
  for (var row = split * CHUNK; row < end; row++) {
    let d = dout[DOUT_AT + row * CHANNELS + c];
    scaled += d * ((inp[INP_AT + row * CHANNELS + c] - stats[STATS_AT + c]) * stats[STATS_AT + CHANNELS + c]);
    plain += d;
  }
  partial[PARTIAL_AT + split * 2u * CHANNELS + c] = scaled;
  partial[PARTIAL_AT + (split * 2u + 1u) * CHANNELS + c] = plain;
}

@compute @workgroup_size(64)
fn backward_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = linear(group, groups, lane);
  if (c >= CHANNELS) { return; }
  var scaled = 0f;
  var plain = 0f;
  for (var split = 0u; split < SPLITS; split++) {
    scaled += partials[PARTIALS_AT + split * 2u * CHANNELS + c];
    plain += partials[PARTIALS_AT + (split * 2u + 1u) * CHANNELS + c];
  }
  dgamma[DGAMMA_AT + c] = scaled;
  dbeta[DBETA_AT + c] = plain;
}

// dx = γ / σ · (dout − mean(dout) − x̂ · mean(dout · x̂)): Ioffe and Szegedy 2015, simplified.
@compute @workgroup_size(64)
fn backward_input(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear(group, groups, lane);
  if (index >= ROWS * CHANNELS) { return; }
  let c = index % CHANNELS;
  let inverse = stats[STATS_AT + CHANNELS + c];
  let normal = (inp[INP_AT + index] - stats[STATS_AT + c]) * inverse;
  let centred = dout[DOUT_AT + index] - (beta_sum[BETA_SUM_AT + c] + normal * gamma_sum[GAMMA_SUM_AT + c]) / f32(ROWS);
  dinp[DINP_AT + index] = gamma[GAMMA_AT + c] * inverse * centred;
}

// Inference: the statistics don't depend on x, so dx is a scale a channel.
@compute @workgroup_size(64)
fn backward_scale(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear(group, groups, lane);
  if (index >= ROWS * CHANNELS) { return; }
  let c = index % CHANNELS;
  dinp[DINP_AT + index] = dout[DOUT_AT + index] * gamma[GAMMA_AT + c] * stats[STATS_AT + CHANNELS + c];
}
