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

var<private> run: u32;

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
    dweight[DWEIGHT_AT + run * WEIGHTS + m * FILTERS + k + j] = four[j];
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
    if (k + i < FILTERS) { dbias[DBIAS_AT + run * FILTERS + k + i] = half[i % 4u]; }
  }
}

// Eight rows of the filter (taps and channels) by eight filters per invocation. GROUPS is 1.
@compute @workgroup_size(64)
fn tiled(invocation: Invocation) {
  run = invocation.group.z;
  let tile = flat_index(invocation);
  let k = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  let end = min(PIXELS, (run + 1u) * CHUNK);
  if (tile / TILES_N == TILES_M) { add_bias(run * CHUNK, end, k); }
  if (m >= ROWS) { return; }
  var rows = Rows();
  let kernel = m / CHANNELS; // the tap, if it is shared
  for (var pixel = run * CHUNK; pixel < end; pixel++) {
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
  run = invocation.group.z;
  let index = flat_index(invocation);
  let end = min(PIXELS, (run + 1u) * CHUNK);
  if ((index >= WEIGHTS) & (index < WEIGHTS + FILTERS)) {
    var total = 0f;
    for (var pixel = run * CHUNK; pixel < end; pixel++) { total += f32(dout[DOUT_AT + pixel * FILTERS + index - WEIGHTS]); }
    dbias[DBIAS_AT + run * FILTERS + index - WEIGHTS] = total;
  }
  if (index >= WEIGHTS) { return; }
  let width = CHANNELS / GROUPS; // input channels per filter
  let k = index % FILTERS;
  let channel = (k / (FILTERS / GROUPS)) * width + (index / FILTERS) % width;
  let kernel = index / (FILTERS * width);
  var sum = 0f;
  for (var pixel = run * CHUNK; pixel < end; pixel++) {
    let at = tap(pixel, kernel / KERNEL_W, kernel % KERNEL_W);
    if (at < 0) { continue; }
    sum += f32(inp[INP_AT + u32(at) + channel]) * f32(dout[DOUT_AT + pixel * FILTERS + k]);
  }
  dweight[DWEIGHT_AT + run * WEIGHTS + index] = sum;
}
// What a row of the tile, past the last of which comes the bias's, meets at an output pixel.
fn meets(pixel: u32, found: i32, row: u32) -> f32 {
  if (row >= ROWS) { return select(0f, 1f, row == ROWS); }
  return load_inp(pixel, found, row);
}

fn meets_four(pixel: u32, found: i32, row: u32) -> vec4f {
  return vec4f(
    meets(pixel, found, row), meets(pixel, found, row + 1u), meets(pixel, found, row + 2u), meets(pixel, found, row + 3u),
  );
}

// One row of 32 tiles, as the eight parts of a workgroup leave it: (part, column, tile).
var<workgroup> held: array<f32, 2048>;

// Adds up row `i` of the tiles from `first` on over the parts, and stores it. Each lane adds one column of one tile.
fn store_row(row: mat2x4f, i: u32, first: u32, lane: u32) {
  let at = lane / 32u * 256u + lane % 32u;
  held[at] = row[0].x;
  held[at + 32u] = row[0].y;
  held[at + 64u] = row[0].z;
  held[at + 96u] = row[0].w;
  held[at + 128u] = row[1].x;
  held[at + 160u] = row[1].y;
  held[at + 192u] = row[1].z;
  held[at + 224u] = row[1].w;
  workgroupBarrier();
  var sum = 0f;
  for (var part = 0u; part < 8u; part++) { sum += held[part * 256u + lane]; }
  workgroupBarrier();
  let tile = first + lane % 32u;
  let m = tile / TILES_N * 8u + i;
  let k = tile % TILES_N * 8u + lane / 32u;
  if (k >= FILTERS) { return; }
  if (m < ROWS) { dweight[DWEIGHT_AT + run * WEIGHTS + m * FILTERS + k] = sum; }
  if (m == ROWS) { dbias[DBIAS_AT + run * FILTERS + k] = sum; }
}

// 32 tiles of eight rows by eight filters per workgroup, for GPUs, if tiles are few and pixels are many. Eight lanes
// share the pixels of a tile. The lanes of 32 neighbours have a pixel in common, whose gradient they load together.
// GROUPS is 1.
@compute @workgroup_size(256)
fn split(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  run = group.id.z;
  let first = workgroup_index(group) * 32u;
  let tile = first + lane % 32u;
  let m = tile / TILES_N * 8u;
  let k = tile % TILES_N * 8u;
  let end = select(0u, min(PIXELS, (run + 1u) * CHUNK), m <= ROWS);
  let kernel = m / CHANNELS; // the tap, if it is shared
  var rows = Rows();
  for (var pixel = run * CHUNK + lane / 32u; pixel < end; pixel += 8u) {
    let p = tap(pixel, kernel / KERNEL_W, kernel % KERNEL_W);
    if (SHARED_TAP && p < 0 && m < ROWS) { continue; }
    let at = pixel * FILTERS;
    let d = mat2x4f(load_dout(at, k), load_dout(at, k + 4u));
    add_step(&rows, meets_four(pixel, p, m), meets_four(pixel, p, m + 4u), d);
  }
  let zero = u32(group.count.x == 0u);
  for (var i = zero; i < 8u; i++) { store_row(row_of(&rows, i), i, first, lane); }
}
// appended: lib/invocation.wgsl
// appended: lib/register-tile.wgsl
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
