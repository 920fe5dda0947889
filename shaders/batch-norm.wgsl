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

// Chan's algorithm: combines the runs one after another.
fn moments_of_batch(p: Place, origin: vec4f) -> Moments {
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

// Stores an invocation's rows, and the statistics of its channels for the backward.
fn store_normalised(p: Place, origin: vec4f, mean: vec4f, inverse: vec4f) {
  if (p.split == 0u) {
    for (var i = 0u; i < WIDTH; i++) {
      moments[MOMENTS_AT + p.c + i] = mean[i];
      moments[MOMENTS_AT + CHANNELS + p.c + i] = inverse[i];
    }
  }
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
  let mean = origin + batch.mean;
  let variance = batch.squares / f32(ROWS);
  if (TRACK && p.split == 0u) {
    for (var i = 0u; i < WIDTH; i++) {
      let at = RUNNING_AT + p.c + i;
      running[at] = MOMENTUM * running[at] + REST * mean[i];
      running[at + CHANNELS] = MOMENTUM * running[at + CHANNELS] + REST * (variance[i] * VARIANCE_FACTOR);
    }
  }
  store_normalised(p, origin, batch.mean, 1f / sqrt(variance + EPSILON));
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
// appended: lib/activation.wgsl
// appended: lib/numbers.wgsl
