// ceilings: what an adapter can reach at best, to compare kernels with: arithmetic without memory, and the reverse.
//   multiply_adds: out[i] = the sum of 12 sequences x ← x · a + b, ROUNDS · 8 steps each
//   copy: out[i] = inp[i]

const COUNT = 64u; // invocations, or vectors of four
const ROUNDS = 4u;

@group(0) @binding(0) var<storage, read> rates: array<f32>; // (2): a and b, unknown to the compiler
@group(0) @binding(1) var<storage, read_write> sums: array<f32>; // (COUNT)
@group(0) @binding(2) var<storage, read> inp: array<vec4f>; // (COUNT)
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>; // (COUNT)

// Twelve sequences hide a multiply-add's latency and still fit a CPU's sixteen registers; eight steps hide the cost of
// the loop itself. They are scalars, because with vectors of four lavapipe reached a third less.
@compute @workgroup_size(64)
fn multiply_adds(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let a = rates[RATES_AT];
  let b = rates[RATES_AT + 1u];
  var x0 = f32(i);
  var x1 = x0 + 1f;
  var x2 = x0 + 2f;
  var x3 = x0 + 3f;
  var x4 = x0 + 4f;
  var x5 = x0 + 5f;
  var x6 = x0 + 6f;
  var x7 = x0 + 7f;
  var x8 = x0 + 8f;
  var x9 = x0 + 9f;
  var x10 = x0 + 10f;
  var x11 = x0 + 11f;
  for (var round = 0u; round < ROUNDS; round++) {
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
    x0 = x0 * a + b; x1 = x1 * a + b; x2 = x2 * a + b; x3 = x3 * a + b;
    x4 = x4 * a + b; x5 = x5 * a + b; x6 = x6 * a + b; x7 = x7 * a + b;
    x8 = x8 * a + b; x9 = x9 * a + b; x10 = x10 * a + b; x11 = x11 * a + b;
  }
  sums[SUMS_AT + i] = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11;
}

// Four vectors per invocation, each next to those of its neighbours.
@compute @workgroup_size(64)
fn copy(invocation: Invocation) {
  let i = (invocation.group.y * invocation.groups.x + invocation.group.x) * 256u + invocation.lane;
  if (i < COUNT) { out[OUT_AT / 4u + i] = inp[INP_AT / 4u + i]; }
  if (i + 64u < COUNT) { out[OUT_AT / 4u + i + 64u] = inp[INP_AT / 4u + i + 64u]; }
  if (i + 128u < COUNT) { out[OUT_AT / 4u + i + 128u] = inp[INP_AT / 4u + i + 128u]; }
  if (i + 192u < COUNT) { out[OUT_AT / 4u + i + 192u] = inp[INP_AT / 4u + i + 192u]; }
}
var<workgroup> tile: array<vec4f, 256>;

// shared_reads: each invocation adds 8 · ROUNDS vectors that lie in workgroup memory, next to its neighbours'.
@compute @workgroup_size(64)
fn shared_reads(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  for (var i = 0u; i < 256u; i += 64u) { tile[lane + i] = vec4f(rates[RATES_AT + lane % 2u]); }
  workgroupBarrier();
  var sum = vec4f();
  for (var round = 0u; round < ROUNDS; round++) {
    let at = (lane + round) % 32u;
    sum += tile[at] + tile[at + 32u] + tile[at + 64u] + tile[at + 96u];
    sum += tile[at + 128u] + tile[at + 160u] + tile[at + 192u] + tile[at + 224u];
  }
  let i = workgroup_index(group) * 64u + lane;
  if (i < COUNT) { sums[SUMS_AT + i] = sum.x + sum.y + sum.z + sum.w; }
}

// barriers: ROUNDS times, each invocation passes a number to its neighbour, between two barriers.
@compute @workgroup_size(64)
fn barriers(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  var own = vec4f(rates[RATES_AT + lane % 2u]);
  for (var round = 0u; round < ROUNDS; round++) {
    tile[lane] = own;
    workgroupBarrier();
    own = tile[(lane + 1u) % 64u];
    workgroupBarrier();
  }
  let i = workgroup_index(group) * 64u + lane;
  if (i < COUNT) { sums[SUMS_AT + i] = own.x; }
}
// appended: lib/invocation.wgsl
