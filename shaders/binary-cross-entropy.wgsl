// binary cross-entropy of probabilities p and labels t: loss = −(t · log p + (1 − t) · log(1 − p)).
// Clipped (Keras): p is clipped to [LOW, HIGH] and has no gradient outside it. Clamped (PyTorch's BCELoss): both
// logarithms are at least LOG_LOW, and the gradient is (p − t) / max(p · (1 − p), 1e-12).

const COUNT = 64u;
const CLAMPED = false;
const LOW = 1e-7f;
const HIGH = 0.9999999f; // 1 − LOW, rounded on the host from float64
const LOG_LOW = -100f;

@group(0) @binding(0) var<storage, read> probabilities: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// p as the logarithms take it: clipped unless CLAMPED. NaN stays NaN.
fn held(p: f32) -> f32 {
  return select(clamp(p, LOW, HIGH), p, is_nan(p) | CLAMPED);
}

// A logarithm as the loss takes it: at least LOG_LOW if CLAMPED. NaN stays NaN.
fn bounded(value: f32) -> f32 {
  return select(value, LOG_LOW, CLAMPED & (value < LOG_LOW));
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let p = held(probabilities[PROBABILITIES_AT + i]);
  let t = label(i);
  // A term with weight 0 is 0, even if its logarithm is infinite.
  let valid = !is_nan(p) & (p >= 0f) & (p <= 1f);
  let yes = select(t * bounded(natural_log(p)), 0f, t == 0f);
  let no = select((1f - t) * bounded(log_of_other(p)), 0f, t == 1f);
  out[OUT_AT + i] = select(from_bits(NAN_BITS), 0f - (yes + no), valid);
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let p = probabilities[PROBABILITIES_AT + i];
  let d = dout[DOUT_AT + i];
  let variance = p * (1f - p);
  if (CLAMPED) {
    out[OUT_AT + i] = d * (p - label(i)) / max(variance, 1e-12f);
  } else {
    // There is a gradient inside [LOW, HIGH], including its ends.
    let slope = d * (p - label(i)) / variance;
    out[OUT_AT + i] = select(slope, 0f, (p < LOW) | (p > HIGH));
  }
}

// dlabels = dloss · (log(1 − p) − log p).
@compute @workgroup_size(64)
fn backward_labels(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let p = held(probabilities[PROBABILITIES_AT + i]);
  out[OUT_AT + i] = dout[DOUT_AT + i] * (bounded(log_of_other(p)) - bounded(natural_log(p)));
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/labels.wgsl
