// prelu: out = x above 0, slope · x elsewhere, and what flows back to either, with NumPy's broadcasting: to x
// flows dout, or dout · slope; to the slope dout · x where x isn't above 0, and nothing elsewhere.

const COUNT = 64u; // elements of the output, and of dout
const TO_X = true; // what flows back to x; else to the slope

@group(0) @binding(0) var<storage, read> a: array<f32>; // x
@group(0) @binding(1) var<storage, read> b: array<f32>; // the slope below 0
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // the result, or what flows back, not yet summed

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  let x = a[A_AT + at.x];
  out[OUT_AT + index] = select(b[B_AT + at.y] * x, x, x > 0f);
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  let x = a[A_AT + at.x];
  let dy = dout[DOUT_AT + index];
  if (TO_X) {
    out[OUT_AT + index] = select(dy * b[B_AT + at.y], dy, x > 0f);
  } else {
    out[OUT_AT + index] = select(dy * x, 0f, x > 0f);
  }
}
// appended: lib/invocation.wgsl
// appended: lib/broadcast.wgsl
