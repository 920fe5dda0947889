// conv2d, gradient of the filter, through workgroup memory, for GPUs: dw[i, j, c, k] = Σ_{n, y, x}
// inp[n, y·S + i·D − P, x·S + j·D − P, c] · dout[n, y, x, k]. Rows are taps and channels, columns are filters, and the
// steps of the sum are output pixels. They are cut into SPLITS runs of CHUNK pixels, and a second pass adds the partial
// results of the runs. The row past the last is the bias's, whose "input" is 1 everywhere. Each workgroup computes a
// tile (lib/workgroup-tile.wgsl).

const SPLITS = 1u;
const CHUNK = 64u; // a multiple of SLICE, so that no run reads into the next
const INP_BY_FOUR = true; // CHANNELS is a multiple of 4, and the arrays are aligned
const DOUT_BY_FOUR = true; // the same for FILTERS

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const ROWS = KERNEL_H * KERNEL_W * CHANNELS; // rows of the filter as a matrix (taps and channels, filters)
const TILES_N = (FILTERS + TILE - 1u) / TILE;
const LEFT_ALONG = false;
const RIGHT_ALONG = false;

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Inp4 = vec4f;
alias Dout = f32;
alias Dout4 = vec4f;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<Inp4>; // the same array
@group(0) @binding(2) var<storage, read> dout: array<Dout>; // (N, OH, OW, K)
@group(0) @binding(3) var<storage, read> dout4: array<Dout4>; // the same array
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>; // (SPLITS, KH, KW, C, K)
@group(0) @binding(5) var<storage, read_write> dbias: array<f32>; // (SPLITS, K)

var<private> split: u32;

// The index of the element that filter row m meets at output pixels k … k + 3; −1 in the padding and past the last row
// or pixel.
fn inp_at(m: u32, k: u32) -> vec4i {
  let tap = m / CHANNELS;
  let at = taps(k, tap / KERNEL_W, tap % KERNEL_W);
  let in_range = (k + vec4u(0u, 1u, 2u, 3u) < vec4u(PIXELS)) & vec4<bool>(m < ROWS);
  return select(vec4i(-1), at + i32(m % CHANNELS), (at >= vec4i()) & in_range);
}

// Padding is selected, not multiplied by zero, so that an infinity next to the edge has no effect.
fn inp_one(at: i32) -> f32 {
  return select(0f, f32(inp[INP_AT + u32(max(at, 0))]), at >= 0);
}

fn inp_four(at: i32) -> vec4f {
  return select(vec4f(), vec4f(inp4[(INP4_AT + u32(max(at, 0))) / 4u]), at >= 0);
}

fn inp_row(m: u32, k: u32) -> vec4f {
  let at = inp_at(m, k);
  if (m == ROWS) { return select(vec4f(), vec4f(1f), k + vec4u(0u, 1u, 2u, 3u) < vec4u(PIXELS)); }
  return vec4f(inp_one(at.x), inp_one(at.y), inp_one(at.z), inp_one(at.w));
}

fn left_block(m: u32, k: u32) -> mat4x4f {
  if (INP_BY_FOUR && m < ROWS) {
    let at = inp_at(m, k);
    return mat4x4f(inp_four(at.x), inp_four(at.y), inp_four(at.z), inp_four(at.w));
  }
  return transpose(mat4x4f(inp_row(m, k), inp_row(m + 1u, k), inp_row(m + 2u, k), inp_row(m + 3u, k)));
}

fn dout_one(n: u32, k: u32) -> f32 {
  let inside = (n < FILTERS) & (k < PIXELS);
  return select(0f, f32(dout[DOUT_AT + select(0u, k * FILTERS + n, inside)]), inside);
}

fn dout_step(n: u32, k: u32) -> vec4f {
  if (DOUT_BY_FOUR) {
    let inside = (n < FILTERS) & (k < PIXELS);
    return select(vec4f(), vec4f(dout4[(DOUT4_AT + select(0u, k * FILTERS + n, inside)) / 4u]), inside);
  }
  return vec4f(dout_one(n, k), dout_one(n + 1u, k), dout_one(n + 2u, k), dout_one(n + 3u, k));
}

fn right_block(n: u32, k: u32) -> mat4x4f {
  return mat4x4f(dout_step(n, k), dout_step(n, k + 1u), dout_step(n, k + 2u), dout_step(n, k + 3u));
}

fn store(m: u32, n: u32, four: vec4f) {
  if (m > ROWS) { return; }
  for (var j = 0u; j < 4u && n + j < FILTERS; j++) {
    if (m == ROWS) {
      dbias[DBIAS_AT + split * FILTERS + n + j] = four[j];
    } else {
      dweight[DWEIGHT_AT + (split * ROWS + m) * FILTERS + n + j] = four[j];
    }
  }
}

// One tile per workgroup. Workgroups past the last tile load zeros and store nothing.
fn work_of(group: Workgroup) -> Work {
  let tile = workgroup_index(group);
  split = group.id.z;
  let end = min(PIXELS, (group.id.z + 1u) * CHUNK);
  return Work(tile / TILES_N * TILE, tile % TILES_N * TILE, group.id.z * CHUNK, end);
}
// appended: lib/invocation.wgsl
// appended: lib/workgroup-tile.wgsl
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
