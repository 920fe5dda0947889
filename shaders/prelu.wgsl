// prelu: out = x above 0, slope · x elsewhere, and what flows back to either, with NumPy's broadcasting: to x
// flows dout, or dout · slope; to the slope dout · x where x isn't above 0, and nothing elsewhere.

const COUNT = 64u; // elements of the output, and of dout
const TO_X = true; // what flows back to x; else to the slope

// Where each array starts in its binding, in 32-bit words.
const A_AT = 0u;
const B_AT = 0u;
const DOUT_AT = 0u;
const OUT_AT = 0u;

@group(0) @binding(0) var<storage, read> a: array<f32>; // x
@group(0) @binding(1) var<storage, read> b: array<f32>; // the slope below 0
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // the result, or what flows back, not yet summed

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  let x = a[A_AT + at.x];
  out[OUT_AT + index] = select(b[B_AT + at.y] * x, x, x > 0f);
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
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
// appended: lib/broadcast.wgsl
