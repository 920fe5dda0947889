// conv2d, forward, through workgroup memory, for GPUs: out[n, y, x, k] = Σ_{i, j, c} inp[n, y·S + i·D − P,
// x·S + j·D − P, c] · w[i, j, c, k]. An implicit GEMM: rows are output pixels, columns are filters, and the
// steps of the sum are taps and channels; a tile of 64×64 a workgroup (lib/workgroup-tile.wgsl).

const INP_BY_FOUR = true; // CHANNELS is a multiple of 4, and the arrays are aligned
const W_BY_FOUR = true; // FILTERS likewise

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const STEPS = KERNEL_H * KERNEL_W * CHANNELS;
const COLUMNS = FILTERS;
const TILES_N = (FILTERS + 63u) / 64u;
const LEFT_ALONG = true;
const RIGHT_ALONG = false;

// Where each array starts in its binding, in 32-bit words.
const INP_AT = 0u;
const INP4_AT = 0u;
const WEIGHT_AT = 0u;
const WEIGHT4_AT = 0u;
const OUT_AT = 0u;

// Element types: f16 and vec4h where the array is stored so; its _AT then counts 16-bit words.
alias Inp = f32;
alias Inp4 = vec4f;
alias Out = f32;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<Inp4>; // the same array
@group(0) @binding(2) var<storage, read> weight: array<f32>; // (KH, KW, C, K)
@group(0) @binding(3) var<storage, read> weight4: array<vec4f>; // the same array
@group(0) @binding(4) var<storage, read_write> out: array<Out>; // (N, OH, OW, K)

// Index of the first channel of the input pixels under a tap of output pixels m … m + 3; −1 in the padding
// and past the last pixel or tap.
fn taps(m: u32, tap: u32) -> vec4i {
  let pixel = m + vec4u(0u, 1u, 2u, 3u);
  let y = (pixel / OUT_WIDTH) % OUT_HEIGHT;
  let n = pixel / (OUT_WIDTH * OUT_HEIGHT);
  let row = vec4i(y * STRIDE_H + tap / KERNEL_W * DILATION_H) - PAD_TOP;
  let column = vec4i((pixel % OUT_WIDTH) * STRIDE_W + tap % KERNEL_W * DILATION_W) - PAD_LEFT;
  let in_range = (pixel < vec4u(PIXELS)) & vec4<bool>(tap < KERNEL_H * KERNEL_W);
  let inside = (row >= vec4i()) & (row < vec4i(i32(HEIGHT))) & (column >= vec4i()) & (column < vec4i(i32(WIDTH)));
  return select(vec4i(-1), ((vec4i(n * HEIGHT) + row) * i32(WIDTH) + column) * i32(CHANNELS), in_range & inside);
}

// Padding is chosen, not multiplied by zero: an infinity beside the edge stays out.
fn inp_one(at: i32, c: u32) -> f32 {
  return select(0f, f32(inp[INP_AT + select(0u, u32(at) + c, at >= 0)]), at >= 0);
}

fn inp_four(at: i32, c: u32) -> vec4f {
  return select(vec4f(), vec4f(inp4[(INP4_AT + select(0u, u32(at) + c, at >= 0)) / 4u]), at >= 0);
}

fn inp_step(m: u32, k: u32) -> vec4f {
  let at = taps(m, k / CHANNELS);
  let c = k % CHANNELS;
  return vec4f(inp_one(at.x, c), inp_one(at.y, c), inp_one(at.z, c), inp_one(at.w, c));
}

fn left_block(m: u32, k: u32) -> mat4x4f {
  if (INP_BY_FOUR) {
    let at = taps(m, k / CHANNELS);
    let c = k % CHANNELS;
    return transpose(mat4x4f(inp_four(at.x, c), inp_four(at.y, c), inp_four(at.z, c), inp_four(at.w, c)));
  }
  return mat4x4f(inp_step(m, k), inp_step(m, k + 1u), inp_step(m, k + 2u), inp_step(m, k + 3u));
}

fn weight_one(n: u32, k: u32) -> f32 {
  let inside = (n < FILTERS) & (k < STEPS);
  return select(0f, weight[WEIGHT_AT + select(0u, k * FILTERS + n, inside)], inside);
}

fn weight_step(n: u32, k: u32) -> vec4f {
  if (W_BY_FOUR) {
    let inside = (n < FILTERS) & (k < STEPS);
    return select(vec4f(), weight4[(WEIGHT4_AT + select(0u, k * FILTERS + n, inside)) / 4u], inside);
  }
  return vec4f(weight_one(n, k), weight_one(n + 1u, k), weight_one(n + 2u, k), weight_one(n + 3u, k));
}

fn right_block(n: u32, k: u32) -> mat4x4f {
  return mat4x4f(weight_step(n, k), weight_step(n, k + 1u), weight_step(n, k + 2u), weight_step(n, k + 3u));
}

fn store(m: u32, n: u32, four: vec4f) {
  if (m >= PIXELS || n >= FILTERS) { return; }
  let at = m * FILTERS + n;
  let y = epilogue4(four, at, n);
  for (var j = 0u; j < 4u && n + j < FILTERS; j++) { out[OUT_AT + at + j] = Out(y[j]); }
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
  make_tile(m, n, zero, STEPS, lane, zero);
}
// appended: lib/workgroup-tile.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/mul-high.wgsl
// appended: lib/numbers.wgsl
