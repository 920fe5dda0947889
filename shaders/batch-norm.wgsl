// batch norm: out = f((x − mean) / sqrt(var + ε) · γ + β) for each channel. Channels are the last axis, rows are all
// other axes together, and f is an activation or nothing. Training computes the mean and the population variance of the
// batch, in one pass over it; inference uses the running ones.

const EPSILON = 0.001f;
const MOMENTUM = 0.99f; // running = MOMENTUM · running + (1 − MOMENTUM) · batch
const REST = 0.01f; // 1 − MOMENTUM, rounded on the host from float64
const VARIANCE_FACTOR = 1f; // factor of the batch's variance in the running one; n / (n − 1) makes it unbiased
const TRACK = true; // whether running statistics are updated

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = vec4f;
alias Out = f32;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (R, C)
@group(0) @binding(1) var<storage, read_write> partial: array<f32>; // (SPLITS, 2, C)
@group(0) @binding(2) var<storage, read> partials: array<vec4f>; // the same array, for reading
@group(0) @binding(3) var<storage, read_write> moments: array<f32>; // (2, C): mean minus the origin, 1 / sqrt(var + ε)
@group(0) @binding(4) var<storage, read_write> running: array<f32>; // (2, C): mean, variance
@group(0) @binding(5) var<storage, read> known: array<f32>; // the running statistics, for reading
@group(0) @binding(6) var<storage, read> gamma: array<f32>; // (C)
@group(0) @binding(7) var<storage, read> beta: array<f32>; // (C)
@group(0) @binding(8) var<storage, read_write> out: array<Out>; // (R, C)

struct Moments {
  mean: vec4f, // minus the origin
  squares: vec4f, // the sum of squared deviations
}

// Welford's algorithm: accurate for large means, where E[x²] − E[x]² would cancel.
fn moments_of_run(p: Place, origin: vec4f) -> Moments {
  var mean = vec4f();
  var squares = vec4f();
  for (var row = p.first; row < p.end; row++) {
    let x = x_at(row, p.c) - origin;
    let delta = x - mean;
    mean += delta * (1f / f32(row - p.first + 1u));
    squares += delta * (x - mean);
  }
  return Moments(mean, squares);
}

// The moments of all ranks. Line 2 has their mean as it is, so that the running statistics get equal bits everywhere.
fn joined_moments(c: u32) -> Moments {
  return Moments(partial_at(0u, 0u, c), partial_at(0u, 1u, c));
}

fn mean_of(batch: Moments, c: u32, origin: vec4f) -> vec4f {
  if (JOINED) { return partial_at(0u, 2u, c); }
  return origin + batch.mean;
}

// Chan's algorithm: combines the runs one after another.
fn moments_of_batch(p: Place, origin: vec4f) -> Moments {
  if (JOINED) { return joined_moments(p.c); }
  if (SPLITS == 1u) { return moments_of_run(p, origin); }
  var mean = partial_at(0u, 0u, p.c);
  var squares = partial_at(0u, 1u, p.c);
  for (var split = 1u + p.zero; split < SPLITS; split++) {
    let before = f32(split * CHUNK);
    let rows = f32(min(ROWS, (split + 1u) * CHUNK) - split * CHUNK);
    let delta = partial_at(split, 0u, p.c) - mean;
    mean += delta * (rows / (before + rows));
    squares += partial_at(split, 1u, p.c) + delta * delta * (before * rows / (before + rows));
  }
  return Moments(mean, squares);
}

// Stores the statistics of channels for the backward.
fn keep_moments(c: u32, mean: vec4f, inverse: vec4f) {
  for (var i = 0u; i < WIDTH; i++) {
    moments[MOMENTS_AT + c + i] = mean[i];
    moments[MOMENTS_AT + CHANNELS + c + i] = inverse[i];
  }
}

// Updates the running statistics of channels.
fn remember(c: u32, mean: vec4f, variance: vec4f) {
  if (!TRACK) { return; }
  for (var i = 0u; i < WIDTH; i++) {
    let at = RUNNING_AT + c + i;
    running[at] = MOMENTUM * running[at] + REST * mean[i];
    running[at + CHANNELS] = MOMENTUM * running[at + CHANNELS] + REST * (variance[i] * VARIANCE_FACTOR);
  }
}

// Stores an invocation's rows, and the statistics of its channels for the backward.
fn store_normalised(p: Place, origin: vec4f, mean: vec4f, inverse: vec4f) {
  if (p.split == 0u) { keep_moments(p.c, mean, inverse); }
  let scale = inverse * gamma_at(p.c);
  let at = BETA_AT + p.c;
  let shift = vec4f(beta[at], beta[at + NEXT], beta[at + 2u * NEXT], beta[at + 3u * NEXT]);
  for (var row = p.first; row < p.end; row++) {
    let y = (x_at(row, p.c) - origin - mean) * scale + shift;
    let to = OUT_AT + row * CHANNELS + p.c;
    out[to] = Out(value(y.x));
    if (WIDTH == 4u) {
      out[to + 1u] = Out(value(y.y));
      out[to + 2u] = Out(value(y.z));
      out[to + 3u] = Out(value(y.w));
    }
  }
}

@compute @workgroup_size(64)
fn batch_partials(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= SPLITS * BLOCKS) { return; }
  let p = place(index);
  let run = moments_of_run(p, origin_of(p.c));
  store_partial(0u, p, run.mean);
  store_partial(1u, p, run.squares);
}

@compute @workgroup_size(64)
fn normalise(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= SPLITS * BLOCKS) { return; }
  let p = place(index);
  let origin = origin_of(p.c);
  let batch = moments_of_batch(p, origin);
  let mean = mean_of(batch, p.c, origin);
  let variance = batch.squares / batch_rows();
  if (p.split == 0u) { remember(p.c, mean, variance); }
  store_normalised(p, origin, batch.mean, 1f / sqrt(variance + EPSILON));
}

// The mean and the squared deviations of the rows that the parts of a workgroup have between them, of which the lane
// knows those of `count` rows.
fn moments_of_parts(lane: u32, own: Moments, count: f32, rows: f32) -> Moments {
  let mean = sum_of_parts(lane, own.mean * count) / rows;
  workgroupBarrier();
  let delta = own.mean - mean;
  return Moments(mean, sum_of_parts(lane, own.squares + delta * delta * count));
}

fn moments_of_shared_run(s: Shared, lane: u32, origin: vec4f) -> Moments {
  var own = Moments();
  var count = 0f;
  for (var row = s.first + s.part; row < s.end; row += PARTS) {
    let x = x_at(row, s.c) - origin;
    let delta = x - own.mean;
    count += 1f;
    own.mean += delta * (1f / count);
    own.squares += delta * (x - own.mean);
  }
  return moments_of_parts(lane, own, count, f32(max(s.end, s.first + 1u) - s.first));
}

// The same for all rows: of the runs' partial results, each part takes every PARTS-th.
fn moments_of_shared_batch(s: Shared, lane: u32, origin: vec4f) -> Moments {
  if (JOINED) { return joined_moments(s.c); }
  if (SPLITS == 1u) { return moments_of_shared_run(s, lane, origin); }
  var sum = vec4f();
  for (var split = s.part; split < SPLITS; split += PARTS) { sum += partial_at(split, 0u, s.c) * rows_in(split); }
  let mean = sum_of_parts(lane, sum) / f32(ROWS);
  workgroupBarrier();
  var squares = vec4f();
  for (var split = s.part; split < SPLITS; split += PARTS) {
    let delta = partial_at(split, 0u, s.c) - mean;
    squares += partial_at(split, 1u, s.c) + delta * delta * rows_in(split);
  }
  return Moments(mean, sum_of_parts(lane, squares));
}

@compute @workgroup_size(256)
fn split_partials(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let s = shared_place(workgroup_index(group), lane);
  let run = moments_of_shared_run(s, lane, origin_of(s.c));
  if (!s.keeps) { return; }
  partial[PARTIAL_AT + s.split * 2u * CHANNELS + s.c] = run.mean.x;
  partial[PARTIAL_AT + (s.split * 2u + 1u) * CHANNELS + s.c] = run.squares.x;
}

@compute @workgroup_size(256)
fn split_normalise(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let s = shared_place(workgroup_index(group), lane);
  let origin = origin_of(s.c);
  let batch = moments_of_shared_batch(s, lane, origin);
  let mean = mean_of(batch, s.c, origin);
  let variance = batch.squares / batch_rows();
  let inverse = 1f / sqrt(variance + EPSILON);
  if (s.keeps && s.split == 0u) {
    remember(s.c, mean, variance);
    keep_moments(s.c, batch.mean, inverse);
  }
  if (!s.live) { return; }
  let scale = inverse * gamma_at(s.c);
  for (var row = s.first + s.part; row < s.end; row += PARTS) {
    let y = (x_at(row, s.c) - origin - batch.mean) * scale + beta[BETA_AT + s.c];
    out[OUT_AT + row * CHANNELS + s.c] = Out(value(y.x));
  }
}

// The forward in inference.
@compute @workgroup_size(64)
fn infer(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= SPLITS * BLOCKS) { return; }
  let p = place(index);
  let at = KNOWN_AT + p.c;
  let mean = vec4f(known[at], known[at + NEXT], known[at + 2u * NEXT], known[at + 3u * NEXT]);
  let to = at + CHANNELS;
  let variance = vec4f(known[to], known[to + NEXT], known[to + 2u * NEXT], known[to + 3u * NEXT]);
  store_normalised(p, vec4f(), mean, 1f / sqrt(variance + EPSILON));
}
// appended: lib/invocation.wgsl
// appended: lib/channels.wgsl
// appended: lib/parts.wgsl
// appended: lib/activation.wgsl
// appended: lib/numbers.wgsl
