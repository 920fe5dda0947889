// conv2d, forward, through workgroup memory, for GPUs: out[n, y, x, k] = Σ_{i, j, c} inp[n, y·S + i·D − P,
// x·S + j·D − P, c] · w[i, j, c, k]. This is an implicit GEMM: rows are output pixels, columns are filters, and the
// steps of the sum are taps and channels. Each workgroup computes a tile
// (lib/workgroup-tile.wgsl).

const INP_BY_FOUR = true; // CHANNELS is a multiple of 4, and the arrays are aligned
const W_BY_FOUR = true; // the same for FILTERS

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const STEPS = KERNEL_H * KERNEL_W * CHANNELS;
const COLUMNS = FILTERS;
const TILES_N = (FILTERS + TILE - 1u) / TILE;
const LEFT_ALONG = true;
const RIGHT_ALONG = false;

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Inp4 = vec4f;
alias Out = f32;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<Inp4>; // the same array
@group(0) @binding(2) var<storage, read> weight: array<f32>; // (KH, KW, C, K)
@group(0) @binding(3) var<storage, read> weight4: array<vec4f>; // the same array
@group(0) @binding(4) var<storage, read_write> out: array<Out>; // (N, OH, OW, K)

// The index of the element that output pixels m … m + 3 meet at step k; −1 in the padding and past the last step.
fn inp_at(m: u32, k: u32) -> vec4i {
  let tap = k / CHANNELS;
  let at = taps(m, tap / KERNEL_W, tap % KERNEL_W);
  return select(vec4i(-1), at + i32(k % CHANNELS), (at >= vec4i()) & vec4<bool>(k < STEPS));
}

// Padding is selected, not multiplied by zero, so that an infinity next to the edge has no effect.
fn inp_one(at: i32) -> f32 {
  return select(0f, f32(inp[INP_AT + u32(max(at, 0))]), at >= 0);
}

fn inp_four(at: i32) -> vec4f {
  return select(vec4f(), vec4f(inp4[(INP4_AT + u32(max(at, 0))) / 4u]), at >= 0);
}

fn inp_step(m: u32, k: u32) -> vec4f {
  let at = inp_at(m, k);
  return vec4f(inp_one(at.x), inp_one(at.y), inp_one(at.z), inp_one(at.w));
}

fn left_block(m: u32, k: u32) -> mat4x4f {
  if (INP_BY_FOUR) {
    let at = inp_at(m, k);
    return transpose(mat4x4f(inp_four(at.x), inp_four(at.y), inp_four(at.z), inp_four(at.w)));
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

// One tile per workgroup. Workgroups past the last tile load zeros and store nothing.
fn work_of(group: Workgroup) -> Work {
  let tile = workgroup_index(group);
  return Work(tile / TILES_N * TILE, tile % TILES_N * TILE, 0u, STEPS);
}
// appended: lib/invocation.wgsl
// appended: lib/workgroup-tile.wgsl
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
