// adam: one update of every parameter of a network, which lie in one arena, as do their gradients and
// moments (Kingma and Ba 2015): p −= lr · m̂ / (√v̂ + ε).

const COUNT = 64u;
const LEARNING_RATE = 0.001f;
const BETA1 = 0.9f;
const BETA2 = 0.999f;
const REST1 = 0.1f; // 1 − β1, rounded on the host from float64
const REST2 = 0.001f;
const EPSILON = 1e-7f;

// Where each array starts in its binding, in 32-bit words.
const GRADIENTS_AT = 0u;
const PARAMETERS_AT = 0u;
const FIRST_AT = 0u;
const SECOND_AT = 0u;
const CORRECTIONS_AT = 0u;
const NEXT_AT = 0u;

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
  next[NEXT_AT] = BETA1 * next[NEXT_AT] + REST1;
  next[NEXT_AT + 1] = BETA2 * next[NEXT_AT + 1] + REST2;
}

@compute @workgroup_size(64)
fn update(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= COUNT) { return; }
  let g = gradients[GRADIENTS_AT + i];
  let m = BETA1 * first[FIRST_AT + i] + REST1 * g;
  let v = BETA2 * second[SECOND_AT + i] + REST2 * (g * g);
  first[FIRST_AT + i] = m;
  second[SECOND_AT + i] = v;
  parameters[PARAMETERS_AT + i] -= LEARNING_RATE * (m / corrections[CORRECTIONS_AT]) / (sqrt(v / corrections[CORRECTIONS_AT + 1]) + EPSILON);
}
