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
    let x = inp[row * CHANNELS + c] - inp[c];
    let delta = x - mean;
    mean += delta / f32(row - split * CHUNK + 1u);
    squares += delta * (x - mean);
  }
  partial[split * 2u * CHANNELS + c] = mean;
  partial[(split * 2u + 1u) * CHANNELS + c] = squares;
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
  var mean = partials[c];
  var squares = partials[CHANNELS + c];
  var count = f32(min(ROWS, CHUNK));
  for (var split = 1u; split < SPLITS; split++) {
    let rows = f32(min(ROWS, (split + 1u) * CHUNK) - split * CHUNK);
    let delta = partials[split * 2u * CHANNELS + c] - mean;
    let total = count + rows;
    mean += delta * (rows / total);
    squares += partials[(split * 2u + 1u) * CHANNELS + c] + delta * delta * (count * rows / total);
    count = total;
  }
  mean += inp[c];
  let variance = squares / f32(ROWS);
  moments[c] = mean;
  moments[CHANNELS + c] = 1f / sqrt(variance + EPSILON);
  if (TRACK) {
    running[c] = MOMENTUM * running[c] + REST * mean;
    running[CHANNELS + c] = MOMENTUM * running[CHANNELS + c] + REST * (variance * VARIANCE_FACTOR);
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
  out[index] = (inp[index] - stats[c]) * stats[CHANNELS + c] * gamma[c] + beta[c];
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
  moments[c] = stats[c];
  moments[CHANNELS + c] = 1f / sqrt(stats[CHANNELS + c] + EPSILON);
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
    let d = dout[row * CHANNELS + c];
    scaled += d * ((inp[row * CHANNELS + c] - stats[c]) * stats[CHANNELS + c]);
    plain += d;
  }
  partial[split * 2u * CHANNELS + c] = scaled;
  partial[(split * 2u + 1u) * CHANNELS + c] = plain;
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
    scaled += partials[split * 2u * CHANNELS + c];
    plain += partials[(split * 2u + 1u) * CHANNELS + c];
  }
  dgamma[c] = scaled;
  dbeta[c] = plain;
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
  let inverse = stats[CHANNELS + c];
  let normal = (inp[index] - stats[c]) * inverse;
  let centred = dout[index] - (beta_sum[c] + normal * gamma_sum[c]) / f32(ROWS);
  dinp[index] = gamma[c] * inverse * centred;
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
  dinp[index] = dout[index] * gamma[c] * stats[CHANNELS + c];
}
