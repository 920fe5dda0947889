// conv2d, gradient of the input, through workgroup memory, for GPUs: dinp[n, y, x, c] = Σ_{i, j, k}
// dout[n, (y + P − i) / S, …, k] · w[i, j, c, k] over the taps for which the division is exact, by phases as in
// conv2d-data-gradient.wgsl. Rows are the input pixels of one phase, columns are channels, and the steps of
// the sum are the phase's taps and the filters; a tile of 64×64 a workgroup (lib/workgroup-tile.wgsl).

const BY_FOUR = true; // FILTERS is a multiple of 4, and the arrays are aligned

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + 63u) / 64u;
const LEFT_ALONG = true;
const RIGHT_ALONG = true;

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
@group(0) @binding(1) var<storage, read> dout4: array<Dout4>; // the same array
@group(0) @binding(2) var<storage, read> weight: array<f32>; // (KH, KW, C, K)
@group(0) @binding(3) var<storage, read> weight4: array<vec4f>; // the same array
@group(0) @binding(4) var<storage, read_write> dinp: array<Dinp>; // (N, H, W, C)

// The input pixels of one phase: every STRIDE-th row from `first.y`, every STRIDE-th column from `first.x`.
struct Phase {
  tap: vec2u, // first tap (x, y)
  taps: vec2u, // how many
  first: vec2u, // first pixel (x, y)
  count: vec2u, // columns and rows
}

var<private> phase: Phase;

fn phase_of(z: u32) -> Phase {
  let stride = vec2u(STRIDE_W, STRIDE_H);
  let tap = vec2u(z % STRIDE_W, z / STRIDE_W);
  let kernel = vec2u(KERNEL_W, KERNEL_H);
  let pad = vec2u(vec2i(PAD_LEFT, PAD_TOP) + vec2i(stride) * 65536i) % stride;
  let first = (tap + stride - pad) % stride;
  let size = vec2u(WIDTH, HEIGHT);
  return Phase(
    tap,
    (max(kernel, tap) - tap + stride - 1u) / stride,
    first,
    (max(size, first) - first + stride - 1u) / stride,
  );
}

// The phase's tap (x, y) at a step of the sum.
fn tap_of(k: u32) -> vec2u {
  let tap = k / FILTERS;
  return vec2u(tap % phase.taps.x, tap / phase.taps.x);
}

fn in_sum(k: u32) -> bool {
  return k < phase.taps.x * phase.taps.y * FILTERS;
}

// Index of the element that pixels m … m + 3 of the phase meet at step k; −1 outside the image and past the
// last pixel or step.
fn meets(m: u32, k: u32) -> vec4i {
  let pixel = m + vec4u(0u, 1u, 2u, 3u);
  let tap = vec2i(tap_of(k));
  let row = (pixel / phase.count.x) % phase.count.y;
  let n = pixel / (phase.count.x * phase.count.y);
  let start = vec2i(phase.first) - vec2i(phase.tap);
  // Exact divisions, so rounding doesn't matter.
  let y = (vec4i(row * STRIDE_H) + start.y + PAD_TOP) / i32(STRIDE_H) - tap.y;
  let x = (vec4i(pixel % phase.count.x * STRIDE_W) + start.x + PAD_LEFT) / i32(STRIDE_W) - tap.x;
  let in_range = (pixel < vec4u(BATCH * phase.count.x * phase.count.y)) & vec4<bool>(in_sum(k));
  let inside = (y >= vec4i()) & (y < vec4i(i32(OUT_HEIGHT))) & (x >= vec4i()) & (x < vec4i(i32(OUT_WIDTH)));
  let at = ((vec4i(n) * i32(OUT_HEIGHT) + y) * i32(OUT_WIDTH) + x) * i32(FILTERS) + i32(k % FILTERS);
  return select(vec4i(-1), at, in_range & inside);
}

// What is outside is chosen, not multiplied by zero.
fn dout_one(at: i32) -> f32 {
  return select(0f, f32(dout[DOUT_AT + u32(max(at, 0))]), at >= 0);
}

fn dout_four(at: i32) -> vec4f {
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0))) / 4u]), at >= 0);
}

fn dout_step(m: u32, k: u32) -> vec4f {
  let at = meets(m, k);
  return vec4f(dout_one(at.x), dout_one(at.y), dout_one(at.z), dout_one(at.w));
}

fn left_block(m: u32, k: u32) -> mat4x4f {
  if (BY_FOUR) {
    let at = meets(m, k);
    return transpose(mat4x4f(dout_four(at.x), dout_four(at.y), dout_four(at.z), dout_four(at.w)));
  }
  return mat4x4f(dout_step(m, k), dout_step(m, k + 1u), dout_step(m, k + 2u), dout_step(m, k + 3u));
}

// Index of the filter's element for channel 0 at step k; 0 past the last.
fn weight_at(k: u32) -> u32 {
  let tap = phase.tap + tap_of(k) * vec2u(STRIDE_W, STRIDE_H);
  return select(0u, (tap.y * KERNEL_W + tap.x) * CHANNELS * FILTERS + k % FILTERS, in_sum(k));
}

fn weight_one(at: u32, n: u32, k: u32) -> f32 {
  let inside = (n < CHANNELS) & in_sum(k);
  return select(0f, weight[WEIGHT_AT + at + select(0u, n * FILTERS, inside)], inside);
}

fn weight_four(at: u32, n: u32, k: u32) -> vec4f {
  let inside = (n < CHANNELS) & in_sum(k);
  return select(vec4f(), weight4[(WEIGHT4_AT + at + select(0u, n * FILTERS, inside)) / 4u], inside);
}

fn weight_step(n: u32, k: u32) -> vec4f {
  let at = weight_at(k);
  return vec4f(weight_one(at, n, k), weight_one(at, n + 1u, k), weight_one(at, n + 2u, k), weight_one(at, n + 3u, k));
}

fn right_block(n: u32, k: u32) -> mat4x4f {
  if (BY_FOUR) {
    let at = weight_at(k);
    return transpose(mat4x4f(
      weight_four(at, n, k), weight_four(at, n + 1u, k), weight_four(at, n + 2u, k), weight_four(at, n + 3u, k),
    ));
  }
  return mat4x4f(weight_step(n, k), weight_step(n, k + 1u), weight_step(n, k + 2u), weight_step(n, k + 3u));
}

fn store(m: u32, n: u32, four: vec4f) {
  if (m >= BATCH * phase.count.x * phase.count.y || n >= CHANNELS) { return; }
  let x = phase.first.x + (m % phase.count.x) * STRIDE_W;
  let y = phase.first.y + ((m / phase.count.x) % phase.count.y) * STRIDE_H;
  let image = m / (phase.count.x * phase.count.y);
  let at = ((image * HEIGHT + y) * WIDTH + x) * CHANNELS + n;
  let values = epilogue4(four, at, n);
  for (var j = 0u; j < 4u && n + j < CHANNELS; j++) { dinp[DINP_AT + at + j] = Dinp(values[j]); }
}

// One tile a workgroup. Past the last tile all is zero and nothing stored: every lane meets every barrier.
@compute @workgroup_size(64)
fn tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = group.y * groups.x + group.x;
  let m = tile / TILES_N * 64u;
  let n = tile % TILES_N * 64u;
  let zero = u32(groups.x == 0u);
  let own = phase_of(group.z);
  phase = own;
  make_tile(m, n, zero, own.taps.x * own.taps.y * FILTERS, lane, zero);
}
// appended: lib/workgroup-tile.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/mul-high.wgsl
// appended: lib/numbers.wgsl
