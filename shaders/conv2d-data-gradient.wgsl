// conv2d, gradient of the input: dinp[n, y, x, c] = Σ_{i, j, k} dout[n, (y + P − i) / S, …, k] · w[i, j, c, k]
// over the taps for which the division is exact. Also the forward of a transposed convolution.
// Input pixels fall into S·S phases by (y + P) mod S: within one, the taps are i = phase, phase + S, …
// and the sum is a dense small convolution, with no zeros inserted and no divisibility test.

const BY_FOUR = true; // FILTERS is a multiple of 4, and the arrays are aligned

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + 7u) / 8u;

// Where each array starts in its binding, in 32-bit words.
const DOUT_AT = 0u;
const DOUT4_AT = 0u;
const WEIGHT_AT = 0u;
const WEIGHT4_AT = 0u;
const DINP_AT = 0u;

// Element types: f16 and vec4h where the array is stored so; its _AT then counts 16-bit words.
alias Dout = f32;
alias Dout4 = vec4f;
alias Dinp = f32;

@group(0) @binding(0) var<storage, read> dout: array<Dout>; // (N, OH, OW, K)
@group(0) @binding(1) var<storage, read> weight: array<f32>; // (KH, KW, C / groups, K)
@group(0) @binding(2) var<storage, read_write> dinp: array<Dinp>; // (N, H, W, C)
@group(0) @binding(3) var<storage, read> dout4: array<Dout4>; // dout again
@group(0) @binding(4) var<storage, read> weight4: array<vec4f>; // weight again

fn load_dout(at: i32, k: u32) -> f32 {
  return select(0f, f32(dout[DOUT_AT + u32(max(at, 0)) + k]), at >= 0);
}

fn load_dout_four(at: i32, k: u32) -> vec4f {
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0)) + k) / 4u]), at >= 0);
}

// Columns past CHANNELS repeat the last one; they are computed and not stored.
fn load_weight(at: u32, c: u32) -> vec4f {
  return vec4f(
    weight[WEIGHT_AT + at + min(c, CHANNELS - 1u) * FILTERS],
    weight[WEIGHT_AT + at + min(c + 1u, CHANNELS - 1u) * FILTERS],
    weight[WEIGHT_AT + at + min(c + 2u, CHANNELS - 1u) * FILTERS],
    weight[WEIGHT_AT + at + min(c + 3u, CHANNELS - 1u) * FILTERS],
  );
}

fn store(m: u32, phase: Phase, c: u32, row: mat2x4f, zero: u32) {
  if (m >= BATCH * phase.count.x * phase.count.y) { return; }
  let at = index_of(m, phase) * CHANNELS + c;
  for (var half = zero; half < 8u; half += 4u) {
    let four = epilogue4(select(row[1], row[0], half == 0u), at + half, c + half);
    for (var i = half; i < half + 4u; i++) {
      if (c + i < CHANNELS) { dinp[DINP_AT + at + i] = Dinp(four[i - half]); }
    }
  }
}

// Eight pixels of one phase by eight channels an invocation. GROUPS and both dilations are 1.
@compute @workgroup_size(64)
fn tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let phase = phase_of(group.z);
  let tile = (group.y * groups.x + group.x) * 64u + lane;
  let c = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  if (m >= BATCH * phase.count.x * phase.count.y) { return; }
  let q0 = meets(m, phase);
  let q1 = meets(m + 1u, phase);
  let q2 = meets(m + 2u, phase);
  let q3 = meets(m + 3u, phase);
  let q4 = meets(m + 4u, phase);
  let q5 = meets(m + 5u, phase);
  let q6 = meets(m + 6u, phase);
  let q7 = meets(m + 7u, phase);
  var r0 = mat2x4f();
  var r1 = mat2x4f();
  var r2 = mat2x4f();
  var r3 = mat2x4f();
  var r4 = mat2x4f();
  var r5 = mat2x4f();
  var r6 = mat2x4f();
  var r7 = mat2x4f();
  for (var i = 0u; phase.tap.y + i * STRIDE_H < KERNEL_H; i++) {
    for (var j = 0u; phase.tap.x + j * STRIDE_W < KERNEL_W; j++) {
      let p0 = tap(q0, i, j);
      let p1 = tap(q1, i, j);
      let p2 = tap(q2, i, j);
      let p3 = tap(q3, i, j);
      let p4 = tap(q4, i, j);
      let p5 = tap(q5, i, j);
      let p6 = tap(q6, i, j);
      let p7 = tap(q7, i, j);
      let kernel = (phase.tap.y + i * STRIDE_H) * KERNEL_W + phase.tap.x + j * STRIDE_W;
      for (var k = 0u; k < FILTERS; k++) {
        let at = kernel * CHANNELS * FILTERS + k;
        let w = mat2x4f(load_weight(at, c), load_weight(at, c + 4u));
        r0 += load_dout(p0, k) * w;
        r1 += load_dout(p1, k) * w;
        r2 += load_dout(p2, k) * w;
        r3 += load_dout(p3, k) * w;
        r4 += load_dout(p4, k) * w;
        r5 += load_dout(p5, k) * w;
        r6 += load_dout(p6, k) * w;
        r7 += load_dout(p7, k) * w;
      }
    }
  }
  // Loops that start at a zero that compilers can't see don't unroll: written out, the stores are most of what
  // they work on.
  let zero = u32(m >= BATCH * phase.count.x * phase.count.y);
  for (var i = zero; i < 8u; i++) {
    var row = r0;
    if (i == 1u) { row = r1; }
    if (i == 2u) { row = r2; }
    if (i == 3u) { row = r3; }
    if (i == 4u) { row = r4; }
    if (i == 5u) { row = r5; }
    if (i == 6u) { row = r6; }
    if (i == 7u) { row = r7; }
    store(m + i, phase, c, row, zero);
  }
}

// Eight pixels of one phase by one channel an invocation: for images of one to three channels, where an
// eight-wide tile would idle. GROUPS and both dilations are 1.
@compute @workgroup_size(64)
fn narrow(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let phase = phase_of(group.z);
  let pixels = BATCH * phase.count.x * phase.count.y;
  let tile = (group.y * groups.x + group.x) * 64u + lane;
  let c = tile % CHANNELS;
  let m = (tile / CHANNELS) * 8u;
  if (m >= pixels) { return; }
  var low = vec4f();
  var high = vec4f();
  for (var i = 0u; phase.tap.y + i * STRIDE_H < KERNEL_H; i++) {
    for (var j = 0u; phase.tap.x + j * STRIDE_W < KERNEL_W; j++) {
      let p0 = tap(meets(m, phase), i, j);
      let p1 = tap(meets(m + 1u, phase), i, j);
      let p2 = tap(meets(m + 2u, phase), i, j);
      let p3 = tap(meets(m + 3u, phase), i, j);
      let p4 = tap(meets(m + 4u, phase), i, j);
      let p5 = tap(meets(m + 5u, phase), i, j);
      let p6 = tap(meets(m + 6u, phase), i, j);
      let p7 = tap(meets(m + 7u, phase), i, j);
      let kernel = (phase.tap.y + i * STRIDE_H) * KERNEL_W + phase.tap.x + j * STRIDE_W;
      let at = (kernel * CHANNELS + c) * FILTERS;
      if (BY_FOUR) {
        for (var k = 0u; k < FILTERS; k += 4u) {
          let w = weight4[(WEIGHT4_AT + at + k) / 4u];
          low += w * mat4x4f(load_dout_four(p0, k), load_dout_four(p1, k), load_dout_four(p2, k), load_dout_four(p3, k));
          high += w * mat4x4f(load_dout_four(p4, k), load_dout_four(p5, k), load_dout_four(p6, k), load_dout_four(p7, k));
        }
      } else {
        for (var k = 0u; k < FILTERS; k++) {
          let w = weight[WEIGHT_AT + at + k];
          low += vec4f(load_dout(p0, k), load_dout(p1, k), load_dout(p2, k), load_dout(p3, k)) * w;
          high += vec4f(load_dout(p4, k), load_dout(p5, k), load_dout(p6, k), load_dout(p7, k)) * w;
        }
      }
    }
  }
  for (var i = 0u; i < 8u && m + i < pixels; i++) {
    let at = index_of(m + i, phase) * CHANNELS + c;
    dinp[DINP_AT + at] = Dinp(epilogue(select(high[i % 4u], low[i % 4u], i < 4u), at, c));
  }
}

// One input element an invocation: for grouped and dilated cases, and the tile's oracle.
@compute @workgroup_size(64)
fn direct(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= BATCH * HEIGHT * WIDTH * CHANNELS) { return; }
  let channel = index % CHANNELS;
  let x = (index / CHANNELS) % WIDTH;
  let y = (index / (CHANNELS * WIDTH)) % HEIGHT;
  let n = index / (CHANNELS * WIDTH * HEIGHT);
  let width = CHANNELS / GROUPS; // input channels a filter sees
  let filters = FILTERS / GROUPS;
  let c = channel % width;
  let first = (channel / width) * filters;
  // A zero that compilers can't see through, so that the inner loop stays one: unrolled, lavapipe
  // compiles it for 12 s instead of 0.1.
  let zero = u32(index >= BATCH * HEIGHT * WIDTH * CHANNELS);
  var sum = 0f;
  for (var i = 0u; i < KERNEL_H; i++) {
    let row = i32(y) + PAD_TOP - i32(i * DILATION_H);
    if (row < 0 || row % i32(STRIDE_H) != 0 || row / i32(STRIDE_H) >= i32(OUT_HEIGHT)) { continue; }
    for (var j = 0u; j < KERNEL_W; j++) {
      let column = i32(x) + PAD_LEFT - i32(j * DILATION_W);
      if (column < 0 || column % i32(STRIDE_W) != 0 || column / i32(STRIDE_W) >= i32(OUT_WIDTH)) { continue; }
      let pixel = (n * OUT_HEIGHT + u32(row) / STRIDE_H) * OUT_WIDTH + u32(column) / STRIDE_W;
      let at = pixel * FILTERS + first;
      let w = ((i * KERNEL_W + j) * width + c) * FILTERS + first;
      for (var k = zero; k < filters; k++) {
        sum += f32(dout[DOUT_AT + at + k]) * weight[WEIGHT_AT + w + k];
      }
    }
  }
  dinp[DINP_AT + index] = Dinp(epilogue(sum, index, channel));
}
// appended: lib/phases.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/mul-high.wgsl
// appended: lib/numbers.wgsl
