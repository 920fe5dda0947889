// conv2d, gradient of the filter, with loads shared by lanes, for adapters where a load costs dozens of multiply-adds.
// It computes the same as conv2d-weight-gradient.wgsl with a tile (lib/lanes-tile.wgsl) whose rows are rows of the
// filter (taps and channels) and whose columns are filters. If a tile has one tap, only pixels whose tap lies inside
// the image are visited, along a row of the output and through the batch first. There are no partial results, because
// on these adapters 64 tiles are plenty. The bias's tiles follow the filter's; its "input" is 1 everywhere:
// dbias[k] = Σ dout[n, y, x, k].
enable subgroups;

const SHARED_TAP = true; // CHANNELS is a multiple of TILE_ROWS, and the array is aligned for vec4 loads

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const ROWS = KERNEL_H * KERNEL_W * CHANNELS; // of the filter as a matrix (taps and channels, filters)
const TILES_M = (ROWS + TILE_ROWS - 1u) / TILE_ROWS;
const TILES_N = (FILTERS + TILE_COLUMNS - 1u) / TILE_COLUMNS;

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Inp4 = vec4f;
alias Dout4 = vec4f;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<Inp4>; // the same array
@group(0) @binding(2) var<storage, read> dout4: array<Dout4>; // (N, OH, OW, K), K a multiple of 4
@group(0) @binding(3) var<storage, read_write> dweight: array<f32>; // (KH, KW, C, K)
@group(0) @binding(4) var<storage, read_write> dbias: array<f32>; // (K)

// The lane's filters at a pixel; zeros if it isn't `in_range`.
fn load_dout(pixel: u32, in_range: bool, k: u32) -> vec4f {
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + select(0u, pixel, in_range) * FILTERS + min(k, FILTERS - 4u)) / 4u]), in_range);
}

// The first output row (or column) whose tap lies inside an image of `size`, and the one past the last. At output 0,
// the tap is `before` pixels before the image.
fn span(before: i32, size: i32, stride: i32, count: i32) -> vec2u {
  let first = (max(before, 0) + stride - 1) / stride;
  let end = min(count, (max(size + before, 0) + stride - 1) / stride);
  return vec2u(u32(first), u32(max(end, first)));
}

// Adds all pixels to a tile of rows from m on, which belong to one tap.
fn under_one_tap(t: ptr<function, Tile>, m: u32, k: u32, lane: u32) {
  let i = m / CHANNELS / KERNEL_W * DILATION_H;
  let j = m / CHANNELS % KERNEL_W * DILATION_W;
  let c = m % CHANNELS + 4u * (lane % SHARERS);
  let rows = span(PAD_TOP - i32(i), i32(HEIGHT), i32(STRIDE_H), i32(OUT_HEIGHT));
  let columns = span(PAD_LEFT - i32(j), i32(WIDTH), i32(STRIDE_W), i32(OUT_WIDTH));
  let count = (columns.y - columns.x) * BATCH;
  for (var y = rows.x; y < rows.y; y++) {
    let row = u32(i32(y * STRIDE_H + i) - PAD_TOP);
    for (var first = 0u; first < count; first += 4u) {
      let item = first + vec4u(0u, 1u, 2u, 3u);
      let in_range = item < vec4u(count);
      let n = item % BATCH;
      let x = columns.x + item / BATCH;
      let column = vec4u(vec4i(x * STRIDE_W + j) - PAD_LEFT);
      let at = (INP4_AT + select(vec4u(), ((n * HEIGHT + row) * WIDTH + column) * CHANNELS, in_range) + c) / 4u;
      let pixel = (n * OUT_HEIGHT + y) * OUT_WIDTH + x;
      let d = mat4x4f(
        load_dout(pixel.x, in_range.x, k), load_dout(pixel.y, in_range.y, k), load_dout(pixel.z, in_range.z, k), load_dout(pixel.w, in_range.w, k),
      );
      let x0 = select(vec4f(), vec4f(inp4[at.x]), in_range.x);
      let x1 = select(vec4f(), vec4f(inp4[at.y]), in_range.y);
      let x2 = select(vec4f(), vec4f(inp4[at.z]), in_range.z);
      add_steps_by_fours(t, d, x0, x1, x2, select(vec4f(), vec4f(inp4[at.w]), in_range.w));
    }
  }
}

// The input of a filter row at an output pixel; 0 in the padding, and for rows and pixels past the last.
fn load_inp(pixel: u32, row: u32) -> f32 {
  let kernel = row / CHANNELS;
  let at = tap(pixel, kernel / KERNEL_W, kernel % KERNEL_W);
  let inside = (at >= 0) & (row < ROWS) & (pixel < PIXELS);
  return select(0f, f32(inp[INP_AT + select(0u, u32(at) + row % CHANNELS, inside)]), inside);
}

fn load_pixels(pixel: u32, row: u32) -> vec4f {
  return vec4f(load_inp(pixel, row), load_inp(pixel + 1u, row), load_inp(pixel + 2u, row), load_inp(pixel + 3u, row));
}

// Adds all pixels to a tile of rows from m on, which may belong to several taps.
fn under_any_taps(t: ptr<function, Tile>, m: u32, k: u32, lane: u32, zero: u32) {
  let row = m + lane % SHARERS;
  for (var first = zero; first < PIXELS; first += 4u) {
    let pixel = first + vec4u(0u, 1u, 2u, 3u);
    let in_range = pixel < vec4u(PIXELS);
    let d = mat4x4f(
      load_dout(pixel.x, in_range.x, k), load_dout(pixel.y, in_range.y, k), load_dout(pixel.z, in_range.z, k), load_dout(pixel.w, in_range.w, k),
    );
    add_steps(
      t, d, load_pixels(first, row), load_pixels(first, row + SHARERS),
      load_pixels(first, row + 2u * SHARERS), load_pixels(first, row + 3u * SHARERS),
    );
  }
}

fn add_bias(k: u32, zero: u32) {
  var sum = vec4f();
  for (var pixel = zero; pixel < PIXELS; pixel++) { sum += vec4f(dout4[(DOUT4_AT + pixel * FILTERS + min(k, FILTERS - 4u)) / 4u]); }
  for (var j = u32(k >= FILTERS); j < 4u; j++) {
    if (k + j < FILTERS) { dbias[DBIAS_AT + k + j] = sum[j]; }
  }
}

fn store(m: u32, k: u32, four: vec4f) {
  // Starting at a literal 0, the loop would be unrolled, and stores are most of the compilers' work.
  for (var j = u32(k >= FILTERS); j < 4u; j++) {
    if (k + j < FILTERS) { dweight[DWEIGHT_AT + m * FILTERS + k + j] = four[j]; }
  }
}

@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = workgroup_index(group);
  let k = (tile % TILES_N) * TILE_COLUMNS + 4u * lane;
  let m = (tile / TILES_N) * TILE_ROWS;
  if (tile / TILES_N > TILES_M) { return; }
  let zero = u32(group.count.x == 0u); // a zero that compilers can't see through, so that loops over few pixels aren't unrolled
  if (tile / TILES_N == TILES_M) {
    add_bias(k, zero);
    return;
  }
  var sums = Tile();
  if (SHARED_TAP) {
    under_one_tap(&sums, m, k, lane);
  } else {
    under_any_taps(&sums, m, k, lane, zero);
  }
  store_tile(&sums, m, k, ROWS);
}
// appended: lib/invocation.wgsl
// appended: lib/lanes-tile.wgsl
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
