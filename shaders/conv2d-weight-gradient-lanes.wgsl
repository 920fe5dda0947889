// conv2d, gradient of the filter, with loads shared by lanes, for adapters where a load costs dozens of multiply-adds.
// It computes the same as conv2d-weight-gradient.wgsl with a tile (lib/lanes-tile.wgsl) whose rows are rows of the
// filter (taps and channels) and whose columns are filters. Pixels are visited four images at a time; if a tile has one
// tap, only those whose tap lies inside the image. There are no partial results, because on these adapters 64 tiles are
// plenty. The bias's tiles follow the filter's; its "input" is 1 everywhere: dbias[k] = Σ dout[n, y, x, k].
enable subgroups;

const SHARED_TAP = true; // a tile has one tap: CHANNELS is a multiple of ALL_ROWS, or of 4 if there is only one tap

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH; // of the output
const BY_FOURS = BATCH % 4u == 0u; // images come in fours, none of which is past the last
const ROWS = KERNEL_H * KERNEL_W * CHANNELS; // of the filter as a matrix (taps and channels, filters)
const TILES_M = (ROWS + ALL_ROWS - 1u) / ALL_ROWS;
const TILES_N = (FILTERS + TILE_COLUMNS - 1u) / TILE_COLUMNS;

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Inp4 = vec4f;
alias Dout4 = vec4f;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<Inp4>; // the same array
@group(0) @binding(2) var<storage, read> dout4: array<Dout4>; // (N, OH, OW, K), K a multiple of 4
@group(0) @binding(3) var<storage, read_write> dweight4: array<vec4f>; // (KH, KW, C, K)
@group(0) @binding(4) var<storage, read_write> dbias4: array<vec4f>; // (K)

// Four images of an output pixel.
struct Images {
  n: vec4u,
  in_range: vec4<bool>, // false past the last
  pixel: vec4u, // their indices among all pixels of the output
}

fn images_at(at: Walk) -> Images {
  let n = at.c + vec4u(0u, 1u, 2u, 3u);
  let in_range = (n < vec4u(BATCH)) | vec4<bool>(BY_FOURS);
  return Images(n, in_range, (n * OUT_HEIGHT + at.i) * OUT_WIDTH + at.j);
}

// The lane's filters at a pixel; zeros if it isn't `in_range`.
fn load_dout(pixel: u32, in_range: bool, k: u32) -> vec4f {
  if (BY_FOURS) { return vec4f(dout4[(DOUT4_AT + pixel * FILTERS + min(k, FILTERS - 4u)) >> 2u]); }
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + select(0u, pixel, in_range) * FILTERS + min(k, FILTERS - 4u)) >> 2u]), in_range);
}

// The first output row (or column) whose tap lies inside an image of `size`, and the one past the last. At output 0,
// the tap is `before` pixels before the image.
fn span(before: i32, size: i32, stride: i32, count: i32) -> vec2u {
  let first = (max(before, 0) + stride - 1) / stride;
  let end = min(count, (max(size + before, 0) + stride - 1) / stride);
  return vec2u(u32(first), u32(max(end, first)));
}

fn load_pixels_dout(pixel: vec4u, in_range: vec4<bool>, k: u32) -> mat4x4f {
  return mat4x4f(
    load_dout(pixel.x, in_range.x, k), load_dout(pixel.y, in_range.y, k), load_dout(pixel.z, in_range.z, k), load_dout(pixel.w, in_range.w, k),
  );
}

// The lane's last columns, if the tile is wide.
fn load_last_dout(pixel: vec4u, in_range: vec4<bool>, k: u32) -> mat4x4f {
  if (WIDE) { return load_pixels_dout(pixel, in_range, k + 4u * TEAM); }
  return mat4x4f();
}

// Four channels from the one at `at` on; zeros if the pixel isn't `in_range`.
fn load_channels(at: u32, in_range: bool) -> vec4f {
  if (BY_FOURS) { return vec4f(inp4[(INP4_AT + at) >> 2u]); }
  return select(vec4f(), vec4f(inp4[(INP4_AT + at) >> 2u]), in_range);
}

fn load_pixels_inp(at: vec4u, in_range: vec4<bool>) -> mat4x4f {
  return mat4x4f(
    load_channels(at.x, in_range.x), load_channels(at.y, in_range.y), load_channels(at.z, in_range.z), load_channels(at.w, in_range.w),
  );
}

// The tile's last rows, if there are so many that each lane loads eight.
fn load_last_inp(at: vec4u, c: u32, in_range: vec4<bool>) -> mat4x4f {
  if (TEAM == 4u && FOURS_OF_ROWS > 4u) { return load_pixels_inp(at + min(4u * SHARERS, max(CHANNELS, 4u) - 4u - c), in_range); }
  return mat4x4f();
}

// Adds all pixels to a tile of rows from m on, which belong to one tap.
fn under_one_tap(t: ptr<function, Tile>, u: ptr<function, Tile>, m: u32, k: u32, lane: u32) {
  let i = m / CHANNELS / KERNEL_W * DILATION_H;
  let j = m / CHANNELS % KERNEL_W * DILATION_W;
  let own = m % CHANNELS + lane / TEAM * TILE_ROWS + 4u * (lane % FOUR_SHARERS);
  let c = min(own, max(CHANNELS, 4u) - 4u);
  let rows = span(PAD_TOP - i32(i), i32(HEIGHT), i32(STRIDE_H), i32(OUT_HEIGHT));
  let columns = span(PAD_LEFT - i32(j), i32(WIDTH), i32(STRIDE_W), i32(OUT_WIDTH));
  var walk = Walk(rows.x, columns.x, 0u); // the output's row and column, and the first of four images
  while (walk.i < select(rows.x, rows.y, columns.x < columns.y)) {
    let row = u32(i32(walk.i * STRIDE_H + i) - PAD_TOP);
    let column = u32(i32(walk.j * STRIDE_W + j) - PAD_LEFT);
    let four = images_at(walk);
    let at = c + select(vec4u(), ((four.n * HEIGHT + row) * WIDTH + column) * CHANNELS, four.in_range);
    add_steps(
      t, u, load_pixels_dout(four.pixel, four.in_range, k), load_last_dout(four.pixel, four.in_range, k),
      exchange_fours(load_pixels_inp(at, four.in_range), load_last_inp(at, c, four.in_range)),
    );
    walk = further(walk, 4u, BATCH, columns);
  }
}

// A row of the filter: a channel under a tap, which lies y rows and x columns from an output pixel's place in the input.
// Rows past the last repeat it; they aren't stored.
struct FilterRow {
  y: i32,
  x: i32,
  c: u32,
}

fn filter_row(row: u32) -> FilterRow {
  let term = position(min(row, ROWS - 1u), CHANNELS);
  let kernel = position(term.y, KERNEL_W);
  return FilterRow(i32(kernel.y * DILATION_H) - PAD_TOP, i32(kernel.x * DILATION_W) - PAD_LEFT, term.x);
}

// The input of a filter row at four images of a pixel, whose place (y, x) is the same; 0 in the padding and for images
// past the last.
fn load_images(four: Images, place: vec2i, row: FilterRow) -> vec4f {
  let y = place.x + row.y;
  let x = place.y + row.x;
  let inside = vec4<bool>((y >= 0) & (y < i32(HEIGHT)) & (x >= 0) & (x < i32(WIDTH))) & four.in_range;
  let i = select(vec4u(), ((four.n * HEIGHT + u32(max(y, 0))) * WIDTH + u32(max(x, 0))) * CHANNELS + row.c, inside);
  return select(vec4f(), vec4f(f32(inp[INP_AT + i.x]), f32(inp[INP_AT + i.y]), f32(inp[INP_AT + i.z]), f32(inp[INP_AT + i.w])), inside);
}

// The lane's rows of the filter, of which a tile uses OWN_ROWS.
struct OwnRows {
  r0: FilterRow,
  r1: FilterRow,
  r2: FilterRow,
  r3: FilterRow,
  r4: FilterRow,
  r5: FilterRow,
  r6: FilterRow,
  r7: FilterRow,
}

fn load_own(four: Images, place: vec2i, rows: OwnRows) -> Rows {
  var x = Rows();
  x.x0 = load_images(four, place, rows.r0);
  x.x1 = load_images(four, place, rows.r1);
  if (OWN_ROWS > 2u) {
    x.x2 = load_images(four, place, rows.r2);
    x.x3 = load_images(four, place, rows.r3);
  }
  if (OWN_ROWS > 4u) {
    x.x4 = load_images(four, place, rows.r4);
    x.x5 = load_images(four, place, rows.r5);
    x.x6 = load_images(four, place, rows.r6);
    x.x7 = load_images(four, place, rows.r7);
  }
  return x;
}

// Adds all pixels to a tile of rows from m on, which may belong to several taps.
fn under_any_taps(t: ptr<function, Tile>, u: ptr<function, Tile>, m: u32, k: u32, lane: u32) {
  let row = m + lane / TEAM * TILE_ROWS + lane % SHARERS;
  let rows = OwnRows(
    filter_row(row), filter_row(row + SHARERS), filter_row(row + 2u * SHARERS), filter_row(row + 3u * SHARERS),
    filter_row(row + 4u * SHARERS), filter_row(row + 5u * SHARERS), filter_row(row + 6u * SHARERS), filter_row(row + 7u * SHARERS),
  );
  var walk = Walk();
  while (walk.i < OUT_HEIGHT) {
    let four = images_at(walk);
    let place = vec2i(vec2u(walk.i * STRIDE_H, walk.j * STRIDE_W));
    add_steps(
      t, u, load_pixels_dout(four.pixel, four.in_range, k), load_last_dout(four.pixel, four.in_range, k),
      exchange(load_own(four, place, rows)),
    );
    walk = further(walk, 4u, BATCH, vec2u(0u, OUT_WIDTH));
  }
}

fn add_bias(k: u32, zero: u32) {
  var sum = vec4f();
  for (var pixel = zero; pixel < PIXELS; pixel++) { sum += vec4f(dout4[(DOUT4_AT + pixel * FILTERS + min(k, FILTERS - 4u)) >> 2u]); }
  if (k < FILTERS) { dbias4[(DBIAS4_AT + k) >> 2u] = sum; }
}

fn store(m: u32, k: u32, four: vec4f) {
  if (k < FILTERS) { dweight4[(DWEIGHT4_AT + m * FILTERS + k) >> 2u] = four; }
}

@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = workgroup_index(group);
  let k = (tile % TILES_N) * TILE_COLUMNS + 4u * (lane % TEAM);
  let m = (tile / TILES_N) * ALL_ROWS;
  if (tile / TILES_N > TILES_M) { return; }
  let zero = u32(group.count.x == 0u); // a zero that compilers can't see through, so that loops over few pixels aren't unrolled
  if (tile / TILES_N == TILES_M) {
    add_bias(k, zero);
    if (WIDE) { add_bias(k + 4u * TEAM, zero); }
    return;
  }
  var t = Tile();
  var u = Tile();
  if (SHARED_TAP) {
    under_one_tap(&t, &u, m, k, lane);
  } else {
    under_any_taps(&t, &u, m, k, lane);
  }
  store_tile(&t, &u, m + lane / TEAM * TILE_ROWS, k, ROWS, lane, SHARED_TAP);
}
// appended: lib/invocation.wgsl
// appended: lib/lanes-tile.wgsl
// appended: lib/batch-rows.wgsl
// appended: lib/walk.wgsl
// appended: lib/convolution.wgsl
