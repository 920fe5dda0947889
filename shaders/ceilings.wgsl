// What an adapter can do at best, for profiles to hold kernels against: multiply-adds with next to no
// memory, and memory with no arithmetic.
//   multiply_adds: out[i] = the sum of 8 sequences x ← x · a + b, ROUNDS · 32 steps each
//   copy: out[i] = inp[i]

const COUNT = 64u; // invocations, or vectors of four
const ROUNDS = 4u;

// Where each array starts in its binding, in 32-bit words.
const RATES_AT = 0u;
const SUMS_AT = 0u;
const INP_AT = 0u;
const OUT_AT = 0u;

@group(0) @binding(0) var<storage, read> rates: array<f32>; // (2): a and b, which no compiler knows
@group(0) @binding(1) var<storage, read_write> sums: array<f32>; // (COUNT)
@group(0) @binding(2) var<storage, read> inp: array<vec4f>; // (COUNT)
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>; // (COUNT)

fn four(x: mat2x4f, a: f32, b: mat2x4f) -> mat2x4f {
  return (((x * a + b) * a + b) * a + b) * a + b;
}

fn sixteen(x: mat2x4f, a: f32, b: mat2x4f) -> mat2x4f {
  return four(four(four(four(x, a, b), a, b), a, b), a, b);
}

// Eight sequences hide a multiply-add's latency and fit a CPU's sixteen registers; 32 steps hide what the
// loop itself costs.
@compute @workgroup_size(64)
fn multiply_adds(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= COUNT) { return; }
  let a = rates[RATES_AT];
  let fours = vec4f(rates[RATES_AT + 1u]);
  let b = mat2x4f(fours, fours);
  let first = vec4f(0f, 1f, 2f, 3f) + f32(i);
  var x = mat2x4f(first, first + 4f);
  for (var round = 0u; round < ROUNDS; round++) {
    x = sixteen(sixteen(x, a, b), a, b);
  }
  let sum = x[0] + x[1];
  sums[SUMS_AT + i] = sum.x + sum.y + sum.z + sum.w;
}

// Four vectors an invocation, each next to its neighbours'.
@compute @workgroup_size(64)
fn copy(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i < COUNT) { out[OUT_AT / 4u + i] = inp[INP_AT / 4u + i]; }
  if (i + 64u < COUNT) { out[OUT_AT / 4u + i + 64u] = inp[INP_AT / 4u + i + 64u]; }
  if (i + 128u < COUNT) { out[OUT_AT / 4u + i + 128u] = inp[INP_AT / 4u + i + 128u]; }
  if (i + 192u < COUNT) { out[OUT_AT / 4u + i + 192u] = inp[INP_AT / 4u + i + 192u]; }
}
