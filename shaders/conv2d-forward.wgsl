// conv2d, forward: out[n, y, x, k] = Σ_{i, j, c} inp[n, y·S + i·D − P, x·S + j·D − P, c] · w[i, j, c, k].
// Also the input gradient of a transposed convolution. An implicit GEMM: rows are output pixels,
// columns are filters, and the sum runs over taps (i, j) and channels c; no patch is copied out.

const W_BY_FOUR = true; // FILTERS is a multiple of 4

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const COLUMNS = FILTERS;
const TILES_N = (FILTERS + 7u) / 8u;

// Where each array starts in its binding, in 32-bit words.
const INP_AT = 0u;
const WEIGHT_AT = 0u;
const WEIGHT4_AT = 0u;
const OUT_AT = 0u;

// Element types: f16 and vec4h where the array is stored so; its _AT then counts 16-bit words.
alias Inp = f32;
alias Out = f32;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> weight: array<f32>; // (KH, KW, C / groups, K)
@group(0) @binding(2) var<storage, read> weight4: array<vec4f>; // the same array
@group(0) @binding(3) var<storage, read_write> out: array<Out>; // (N, OH, OW, K)

// Padding is chosen, not multiplied by zero: an infinity beside the edge stays out.
fn load_inp(at: i32, c: u32) -> f32 {
  return select(0f, f32(inp[INP_AT + u32(max(at, 0)) + c]), at >= 0);
}

// Columns past FILTERS repeat the last one; they are computed and not stored.
fn load_weight(at: u32, k: u32) -> vec4f {
  if (W_BY_FOUR) {
    return weight4[(WEIGHT4_AT + at + min(k, FILTERS - 4u)) / 4u];
  }
  return vec4f(
    weight[WEIGHT_AT + at + min(k, FILTERS - 1u)],
    weight[WEIGHT_AT + at + min(k + 1u, FILTERS - 1u)],
    weight[WEIGHT_AT + at + min(k + 2u, FILTERS - 1u)],
    weight[WEIGHT_AT + at + min(k + 3u, FILTERS - 1u)],
  );
}

fn store(m: u32, k: u32, row: mat2x4f, zero: u32) {
  if (m >= PIXELS) { return; }
  let at = m * FILTERS + k;
  for (var half = zero; half < 8u; half += 4u) {
    let four = epilogue4(select(row[1], row[0], half == 0u), at + half, k + half);
    for (var i = half; i < half + 4u; i++) {
      if (k + i < FILTERS) { out[OUT_AT + at + i] = Out(four[i - half]); }
    }
  }
}

// Eight pixels by eight filters an invocation, in registers. GROUPS is 1.
@compute @workgroup_size(64)
fn tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = (group.y * groups.x + group.x) * 64u + lane;
  let k = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  if (m >= PIXELS) { return; }
  var r0 = mat2x4f();
  var r1 = mat2x4f();
  var r2 = mat2x4f();
  var r3 = mat2x4f();
  var r4 = mat2x4f();
  var r5 = mat2x4f();
  var r6 = mat2x4f();
  var r7 = mat2x4f();
  for (var i = 0u; i < KERNEL_H; i++) {
    for (var j = 0u; j < KERNEL_W; j++) {
      let p0 = tap(m, i, j);
      let p1 = tap(m + 1u, i, j);
      let p2 = tap(m + 2u, i, j);
      let p3 = tap(m + 3u, i, j);
      let p4 = tap(m + 4u, i, j);
      let p5 = tap(m + 5u, i, j);
      let p6 = tap(m + 6u, i, j);
      let p7 = tap(m + 7u, i, j);
      for (var c = 0u; c < CHANNELS; c++) {
        let at = ((i * KERNEL_W + j) * CHANNELS + c) * FILTERS;
        let w = mat2x4f(load_weight(at, k), load_weight(at, k + 4u));
        r0 += load_inp(p0, c) * w;
        r1 += load_inp(p1, c) * w;
        r2 += load_inp(p2, c) * w;
        r3 += load_inp(p3, c) * w;
        r4 += load_inp(p4, c) * w;
        r5 += load_inp(p5, c) * w;
        r6 += load_inp(p6, c) * w;
        r7 += load_inp(p7, c) * w;
      }
    }
  }
  // Loops that start at a zero that compilers can't see don't unroll: written out, the stores are most of what
  // they work on.
  let zero = u32(m >= PIXELS);
  for (var i = zero; i < 8u; i++) {
    var row = r0;
    if (i == 1u) { row = r1; }
    if (i == 2u) { row = r2; }
    if (i == 3u) { row = r3; }
    if (i == 4u) { row = r4; }
    if (i == 5u) { row = r5; }
    if (i == 6u) { row = r6; }
    if (i == 7u) { row = r7; }
    store(m + i, k, row, zero);
  }
}

// One output an invocation: for grouped and very narrow filters, and the tile's oracle.
@compute @workgroup_size(64)
fn direct(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= PIXELS * FILTERS) { return; }
  let k = index % FILTERS;
  let m = index / FILTERS;
  let width = CHANNELS / GROUPS; // input channels a filter sees
  let first = (k / (FILTERS / GROUPS)) * width;
  // A zero that compilers can't see through, so that the inner loop stays one: unrolled, lavapipe
  // compiles it for 6 s instead of 0.1.
  let zero = u32(index >= PIXELS * FILTERS);
  var sum = 0f;
  for (var i = 0u; i < KERNEL_H; i++) {
    for (var j = 0u; j < KERNEL_W; j++) {
      let at = tap(m, i, j);
      if (at < 0) { continue; }
      for (var c = zero; c < width; c++) {
        sum += f32(inp[INP_AT + u32(at) + first + c]) * weight[WEIGHT_AT + ((i * KERNEL_W + j) * width + c) * FILTERS + k];
      }
    }
  }
  out[OUT_AT + index] = Out(epilogue(sum, index, k));
}
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/mul-high.wgsl
// appended: lib/numbers.wgsl
