// Snake, x + sin²(a x) / a: an activation for periodic data. examples/custom-op.ts makes an op from it.
// Source: Ziyin, Hartwig and Ueda 2020, "Neural networks fail to learn periodic functions and how to fix it".
const COUNT = 1u; // elements; each launch sets its own
const FREQUENCY = 1f; // a

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn forward(at: Invocation) {
  let i = flat_index(at);
  if (i >= COUNT) { return; }
  let wave = sin(FREQUENCY * x[i]);
  y[i] = x[i] + wave * wave / FREQUENCY;
}

// d(x + sin²(a x) / a) = 1 + 2 sin(a x) cos(a x) = 1 + sin(2 a x)
@compute @workgroup_size(64)
fn backward(at: Invocation) {
  let i = flat_index(at);
  if (i >= COUNT) { return; }
  dx[i] = dy[i] * (1f + sin(2f * FREQUENCY * x[i]));
}

// appended: lib/invocation.wgsl
