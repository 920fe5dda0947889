// moving average: average += (1 − d) · (values − average). d is min(decay, (1 + step) / (10 + step)), as in
// TensorFlow's ExponentialMovingAverage: it is lower in early steps, when there is little to average.

const COUNT = 64u; // elements, or fours of them
const REST = 0.001f; // 1 − decay, rounded on the host from float64

@group(0) @binding(0) var<storage, read> values: array<f32>; // (COUNT)
@group(0) @binding(1) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(2) var<storage, read_write> average: array<f32>; // (COUNT)
@group(0) @binding(3) var<storage, read> values4: array<vec4f>; // the same array as values
@group(0) @binding(4) var<storage, read_write> average4: array<vec4f>; // the same array as average

fn rest() -> f32 {
  return max(REST, 9f / (10f + f32(state[STATE_AT + 2])));
}

@compute @workgroup_size(64)
fn update(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let before = average[AVERAGE_AT + i];
  average[AVERAGE_AT + i] = before + rest() * (values[VALUES_AT + i] - before);
}

// Four elements per invocation, because loads and stores are its whole cost.
@compute @workgroup_size(64)
fn update_fours(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let before = average4[AVERAGE4_AT / 4u + i];
  average4[AVERAGE4_AT / 4u + i] = before + rest() * (values4[VALUES4_AT / 4u + i] - before);
}
// appended: lib/invocation.wgsl
