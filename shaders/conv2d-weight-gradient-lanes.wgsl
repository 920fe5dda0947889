// conv2d, gradient of the filter, with loads shared by lanes: as conv2d-weight-gradient.wgsl, by a tile of 8
// rows of the filter (taps and channels) and 4·LANES filters a subgroup. Each lane loads the rows of a pixel of
// its own, and broadcasts them; each keeps four filters. Only pixels whose tap lies inside the image are
// visited, where a tile has one tap: lanes go along a row of the output, through the batch first. For adapters
// where a load costs dozens of multiply-adds, and where 64 tiles are plenty: there are no partial results.
// Behind the filter's tiles come those of the bias, whose "input" is 1 everywhere: dbias[k] = Σ dout[n, y, x, k].
enable subgroups;

const LANES = 8u; // of every subgroup, and so of every workgroup
const SHARED_TAP = true; // CHANNELS is a multiple of 8, and the array aligned: a tile's rows lie under one tap

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const ROWS = KERNEL_H * KERNEL_W * CHANNELS; // of the filter as a matrix (taps and channels, filters)
const TILES_M = (ROWS + 7u) / 8u;
const TILES_N = (FILTERS + 4u * LANES - 1u) / (4u * LANES);
const STEPS = min(LANES, 8u); // lanes that load pixels; those past them load the same again

// Where each array starts in its binding, in 32-bit words.
const INP_AT = 0u;
const INP4_AT = 0u;
const DOUT4_AT = 0u;
const DWEIGHT_AT = 0u;
const DBIAS_AT = 0u;

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<vec4f>; // the same array
@group(0) @binding(2) var<storage, read> dout4: array<vec4f>; // (N, OH, OW, K), K a multiple of 4
@group(0) @binding(3) var<storage, read_write> dweight: array<f32>; // (KH, KW, C, K)
@group(0) @binding(4) var<storage, read_write> dbias: array<f32>; // (K)

// Eight rows of the tile, a row a column: the lane's four filters of it.
struct Tile {
  low: mat4x4f,
  high: mat4x4f,
}

fn outer(d: vec4f, x: vec4f) -> mat4x4f {
  return mat4x4f(d * x.x, d * x.y, d * x.z, d * x.w);
}

// Adds one pixel: the rows' inputs and where its filters start, or -1 for none; the same in all lanes.
fn add_pixel(t: ptr<function, Tile>, low: vec4f, high: vec4f, at: i32, k: u32) {
  let d = select(vec4f(), dout4[(DOUT4_AT + u32(max(at, 0)) + min(k, FILTERS - 4u)) / 4u], at >= 0);
  (*t).low += outer(d, low);
  (*t).high += outer(d, high);
}

// Adds a pixel a lane: inputs of eight rows and where the filters of the lane's pixel start, or -1 and zeros.
fn add_pixels(t: ptr<function, Tile>, low: vec4f, high: vec4f, at: i32, k: u32) {
  add_pixel(t, subgroupBroadcast(low, 0u), subgroupBroadcast(high, 0u), subgroupBroadcast(at, 0u), k);
  add_pixel(t, subgroupBroadcast(low, 1u), subgroupBroadcast(high, 1u), subgroupBroadcast(at, 1u), k);
  add_pixel(t, subgroupBroadcast(low, 2u), subgroupBroadcast(high, 2u), subgroupBroadcast(at, 2u), k);
  add_pixel(t, subgroupBroadcast(low, 3u), subgroupBroadcast(high, 3u), subgroupBroadcast(at, 3u), k);
  if (STEPS > 4u) {
    add_pixel(t, subgroupBroadcast(low, 4u), subgroupBroadcast(high, 4u), subgroupBroadcast(at, 4u), k);
    add_pixel(t, subgroupBroadcast(low, 5u), subgroupBroadcast(high, 5u), subgroupBroadcast(at, 5u), k);
    add_pixel(t, subgroupBroadcast(low, 6u), subgroupBroadcast(high, 6u), subgroupBroadcast(at, 6u), k);
    add_pixel(t, subgroupBroadcast(low, 7u), subgroupBroadcast(high, 7u), subgroupBroadcast(at, 7u), k);
  }
}

// The first and the last-but-one output row (or column) whose tap lies inside an image of `size`, when the
// tap is `before` pixels before the image at output 0.
fn span(before: i32, size: i32, stride: i32, count: i32) -> vec2u {
  let first = (max(before, 0) + stride - 1) / stride;
  let end = min(count, (max(size + before, 0) + stride - 1) / stride);
  return vec2u(u32(first), u32(max(end, first)));
}

// All pixels for a tile of rows m to m + 7, which lie under one tap.
fn under_one_tap(t: ptr<function, Tile>, m: u32, k: u32, lane: u32) {
  let i = m / CHANNELS / KERNEL_W * DILATION_H;
  let j = m / CHANNELS % KERNEL_W * DILATION_W;
  let rows = span(PAD_TOP - i32(i), i32(HEIGHT), i32(STRIDE_H), i32(OUT_HEIGHT));
  let columns = span(PAD_LEFT - i32(j), i32(WIDTH), i32(STRIDE_W), i32(OUT_WIDTH));
  let count = (columns.y - columns.x) * BATCH;
  for (var y = rows.x; y < rows.y; y++) {
    for (var first = 0u; first < count; first += STEPS) {
      let item = first + lane % STEPS;
      let n = item % BATCH;
      let x = columns.x + item / BATCH;
      let row = u32(i32(y * STRIDE_H + i) - PAD_TOP);
      let column = u32(i32(x * STRIDE_W + j) - PAD_LEFT);
      let real = item < count;
      let found = (INP4_AT + select(0u, ((n * HEIGHT + row) * WIDTH + column) * CHANNELS, real) + m % CHANNELS) / 4u;
      let low = select(vec4f(), inp4[found], real);
      let high = select(vec4f(), inp4[found + 1u], real);
      add_pixels(t, low, high, select(-1, i32(((n * OUT_HEIGHT + y) * OUT_WIDTH + x) * FILTERS), real), k);
    }
  }
}

// Input of a filter row at an output pixel: 0 in padding, and for rows and pixels past the last.
fn load_inp(pixel: u32, row: u32) -> f32 {
  let kernel = row / CHANNELS;
  let at = tap(pixel, kernel / KERNEL_W, kernel % KERNEL_W);
  let inside = (at >= 0) & (row < ROWS) & (pixel < PIXELS);
  return select(0f, inp[INP_AT + select(0u, u32(at) + row % CHANNELS, inside)], inside);
}

fn load_rows(pixel: u32, m: u32) -> vec4f {
  return vec4f(load_inp(pixel, m), load_inp(pixel, m + 1u), load_inp(pixel, m + 2u), load_inp(pixel, m + 3u));
}

// All pixels for a tile of rows m to m + 7 under whichever taps.
fn under_any_taps(t: ptr<function, Tile>, m: u32, k: u32, lane: u32) {
  for (var first = 0u; first < PIXELS; first += STEPS) {
    let pixel = first + lane % STEPS;
    let at = select(-1, i32(pixel * FILTERS), pixel < PIXELS);
    add_pixels(t, load_rows(pixel, m), load_rows(pixel, m + 4u), at, k);
  }
}

fn add_bias(k: u32) {
  var sum = vec4f();
  for (var pixel = 0u; pixel < PIXELS; pixel++) { sum += dout4[(DOUT4_AT + pixel * FILTERS + min(k, FILTERS - 4u)) / 4u]; }
  for (var j = u32(k >= FILTERS); j < 4u; j++) {
    if (k + j < FILTERS) { dbias[DBIAS_AT + k + j] = sum[j]; }
  }
}

@compute @workgroup_size(LANES)
fn tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let tile = group.y * groups.x + group.x;
  let k = (tile % TILES_N) * 4u * LANES + 4u * lane;
  let m = (tile / TILES_N) * 8u;
  if (tile / TILES_N > TILES_M) { return; }
  if (tile / TILES_N == TILES_M) {
    add_bias(k);
    return;
  }
  var sums = Tile();
  if (SHARED_TAP) {
    under_one_tap(&sums, m, k, lane);
  } else {
    under_any_taps(&sums, m, k, lane);
  }
  for (var i = 0u; i < 8u; i++) {
    if (m + i >= ROWS) { break; }
    let at = (m + i) * FILTERS + k;
    let row = select(sums.high[i % 4u], sums.low[i % 4u], i < 4u);
    // Not from 0, which unrolls: stores are most of what compilers work on.
    for (var j = u32(k >= FILTERS); j < 4u; j++) {
      if (k + j < FILTERS) { dweight[DWEIGHT_AT + at + j] = row[j]; }
    }
  }
}
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
