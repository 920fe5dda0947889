// sigmoid cross-entropy from logits: out = max(x, 0) − x·t + log(1 + exp(−|x|)), which doesn't overflow and is accurate
// in the tail. Its derivative is sigmoid(x) − t.

const COUNT = 64u;

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let x = logits[LOGITS_AT + i];
  // max(x, 0) − x·t, written so that nothing cancels for large x and t = 1.
  let t = label(i);
  let linear = select(-x * t, x * (1f - t), x > 0f);
  out[OUT_AT + i] = select(linear + log1p(natural_exp(-abs(x))), x, is_nan(x));
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let x = logits[LOGITS_AT + i];
  let t = label(i);
  // sigmoid(x) − 1 = −sigmoid(−x), which is accurate in the tail, where the difference would be 0.
  let wrong = select(safe_sigmoid(x) - t, -safe_sigmoid(-x), t == 1f);
  out[OUT_AT + i] = dout[DOUT_AT + i] * wrong;
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/labels.wgsl
