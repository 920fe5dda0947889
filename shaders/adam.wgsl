// adam: one update of every parameter of a network, which lie in one arena, as do their gradients and
// moments (Kingma and Ba 2015): p −= lr · m̂ / (√v̂ + ε).

const COUNT = 64u;
const LEARNING_RATE = 0.001f;
const BETA1 = 0.9f;
const BETA2 = 0.999f;
const REST1 = 0.1f; // 1 − β1, rounded on the host from float64
const REST2 = 0.001f;
const EPSILON = 1e-7f;

@group(0) @binding(0) var<storage, read> gradients: array<f32>;
@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read_write> first: array<f32>; // running mean of gradients
@group(0) @binding(3) var<storage, read_write> second: array<f32>; // running mean of their squares
@group(0) @binding(4) var<storage, read> corrections: array<f32>; // 1 − β1ᵗ, 1 − β2ᵗ
@group(0) @binding(5) var<storage, read_write> next: array<f32>; // the same, being advanced

// c ← β·c + (1 − β) is 1 − βᵗ without a power and without cancellation. A launch of its own: no other
// workgroup may read what this one writes.
@compute @workgroup_size(1)
fn advance() {
  next[0] = BETA1 * next[0] + REST1;
  next[1] = BETA2 * next[1] + REST2;
}

@compute @workgroup_size(64)
fn update(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= COUNT) { return; }
  let g = gradients[i];
  let m = BETA1 * first[i] + REST1 * g;
  let v = BETA2 * second[i] + REST2 * (g * g);
  first[i] = m;
  second[i] = v;
  parameters[i] -= LEARNING_RATE * (m / corrections[0]) / (sqrt(v / corrections[1]) + EPSILON);
}
