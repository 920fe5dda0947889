// prelu: out = x above 0 and slope · x elsewhere, and its gradients, with NumPy's broadcasting. Above 0, dx = dout and
// dslope = 0; elsewhere dx = dout · slope and dslope = dout · x.

const COUNT = 64u; // elements of the output, and of dout
const TO_X = true; // whether to compute the gradient of x; else that of the slope

@group(0) @binding(0) var<storage, read> a: array<f32>; // x
@group(0) @binding(1) var<storage, read> b: array<f32>; // the slope below 0
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // the result, or a gradient before it is summed over broadcast axes

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
