// conv2d, gradient of the filter: dw[i, j, c, k] = Σ_{n, y, x} inp[n, y·S + i·D − P, x·S + j·D − P, c] · dout[n, y, x, k].
// The sum runs over every output pixel of the batch. It is cut into SPLITS runs of CHUNK pixels, whose partial results
// a second pass adds in a fixed order, without atomics. The bias's row follows the filter's rows; its "input" is 1
// everywhere: dbias[k] = Σ_{n, y, x} dout[n, y, x, k].

const SPLITS = 1u;
const CHUNK = 64u;
const DOUT_BY_FOUR = true; // FILTERS is a multiple of 4
const SHARED_TAP = true; // CHANNELS is a multiple of 8, so all rows of a tile belong to one tap

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const WEIGHTS = KERNEL_H * KERNEL_W * (CHANNELS / GROUPS) * FILTERS;
const ROWS = KERNEL_H * KERNEL_W * CHANNELS; // rows of the filter as a matrix (taps and channels, filters)
const TILES_M = (ROWS + 7u) / 8u;
const TILES_N = (FILTERS + 7u) / 8u;

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Dout = f32;
alias Dout4 = vec4f;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> dout: array<Dout>; // (N, OH, OW, K)
@group(0) @binding(2) var<storage, read> dout4: array<Dout4>; // the same array
@group(0) @binding(3) var<storage, read_write> dweight: array<f32>; // (SPLITS, KH, KW, C / groups, K)
@group(0) @binding(4) var<storage, read_write> dbias: array<f32>; // (SPLITS, K)

var<private> split: u32;

// The input of filter row `row` at an output pixel; `found` is where the tile's tap is, if it has only one. Rows past
// ROWS and columns past FILTERS repeat the last one; neither is stored. Padding is selected, not multiplied by zero, so
// that an infinity next to the edge has no effect.
fn load_inp(pixel: u32, found: i32, row: u32) -> f32 {
  if (SHARED_TAP) {
    return f32(inp[INP_AT + u32(found) + row % CHANNELS]);
  }
  let r = min(row, ROWS - 1u);
  let at = tap(pixel, r / CHANNELS / KERNEL_W, r / CHANNELS % KERNEL_W);
  return select(0f, f32(inp[INP_AT + u32(max(at, 0)) + r % CHANNELS]), at >= 0);
}

fn load_dout(at: u32, k: u32) -> vec4f {
  if (DOUT_BY_FOUR) {
    return vec4f(dout4[(DOUT4_AT + at + min(k, FILTERS - 4u)) / 4u]);
  }
  return vec4f(
    f32(dout[DOUT_AT + at + min(k, FILTERS - 1u)]),
    f32(dout[DOUT_AT + at + min(k + 1u, FILTERS - 1u)]),
    f32(dout[DOUT_AT + at + min(k + 2u, FILTERS - 1u)]),
    f32(dout[DOUT_AT + at + min(k + 3u, FILTERS - 1u)]),
  );
}

fn load_inp_four(pixel: u32, found: i32, row: u32) -> vec4f {
  return vec4f(
    load_inp(pixel, found, row), load_inp(pixel, found, row + 1u), load_inp(pixel, found, row + 2u), load_inp(pixel, found, row + 3u),
  );
}

fn store(m: u32, k: u32, four: vec4f) {
  if (m >= ROWS) { return; }
  for (var j = 0u; j < 4u && k + j < FILTERS; j++) {
    dweight[DWEIGHT_AT + split * WEIGHTS + m * FILTERS + k + j] = four[j];
  }
}

// Stores the bias's partial sum over pixels `first` to `end`, for filters k to k + 7.
fn add_bias(first: u32, end: u32, k: u32) {
  var sum = mat2x4f();
  for (var pixel = first; pixel < end; pixel++) {
    sum += mat2x4f(load_dout(pixel * FILTERS, k), load_dout(pixel * FILTERS, k + 4u));
  }
  for (var i = u32(k >= FILTERS); i < 8u; i++) {
    let half = select(sum[1], sum[0], i < 4u);
    if (k + i < FILTERS) { dbias[DBIAS_AT + split * FILTERS + k + i] = half[i % 4u]; }
  }
}

// Eight rows of the filter (taps and channels) by eight filters per invocation. GROUPS is 1.
@compute @workgroup_size(64)
fn tiled(invocation: Invocation) {
  split = invocation.group.z;
  let tile = flat_index(invocation);
  let k = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  let end = min(PIXELS, (split + 1u) * CHUNK);
  if (tile / TILES_N == TILES_M) { add_bias(split * CHUNK, end, k); }
  if (m >= ROWS) { return; }
  var rows = Rows();
  let kernel = m / CHANNELS; // the tap, if it is shared
  for (var pixel = split * CHUNK; pixel < end; pixel++) {
    let p = tap(pixel, kernel / KERNEL_W, kernel % KERNEL_W);
    if (SHARED_TAP && p < 0) { continue; }
    let at = pixel * FILTERS;
    let d = mat2x4f(load_dout(at, k), load_dout(at, k + 4u));
    add_step(&rows, load_inp_four(pixel, p, m), load_inp_four(pixel, p, m + 4u), d);
  }
  store_tile(&rows, m, k, u32(m >= ROWS));
}

// One weight, or one element of the bias, per invocation, for grouped and very narrow cases, and as the tile's oracle.
@compute @workgroup_size(64)
fn direct(invocation: Invocation) {
  split = invocation.group.z;
  let index = flat_index(invocation);
  let end = min(PIXELS, (split + 1u) * CHUNK);
  if ((index >= WEIGHTS) & (index < WEIGHTS + FILTERS)) {
    var total = 0f;
    for (var pixel = split * CHUNK; pixel < end; pixel++) { total += f32(dout[DOUT_AT + pixel * FILTERS + index - WEIGHTS]); }
    dbias[DBIAS_AT + split * FILTERS + index - WEIGHTS] = total;
  }
  if (index >= WEIGHTS) { return; }
  let width = CHANNELS / GROUPS; // input channels per filter
  let k = index % FILTERS;
  let channel = (k / (FILTERS / GROUPS)) * width + (index / FILTERS) % width;
  let kernel = index / (FILTERS * width);
  var sum = 0f;
  for (var pixel = split * CHUNK; pixel < end; pixel++) {
    let at = tap(pixel, kernel / KERNEL_W, kernel % KERNEL_W);
    if (at < 0) { continue; }
    sum += f32(inp[INP_AT + u32(at) + channel]) * f32(dout[DOUT_AT + pixel * FILTERS + k]);
  }
  dweight[DWEIGHT_AT + split * WEIGHTS + index] = sum;
}
// appended: lib/invocation.wgsl
// appended: lib/register-tile.wgsl
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
