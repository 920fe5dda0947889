// conv2d, gradient of the input, with loads shared by lanes, for adapters where a load costs dozens of multiply-adds.
// It computes the same as conv2d-data-gradient.wgsl with a tile (lib/lanes-tile.wgsl) whose rows are input pixels of
// one phase and whose columns are channels. Rows run through the batch first, so that with a large batch a tile is one
// pixel of many images, and taps outside the output are skipped for the whole tile.
enable subgroups;

const DINP_BY_FOUR = true; // CHANNELS is a multiple of 4, and the array is aligned

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + TILE_COLUMNS - 1u) / TILE_COLUMNS;
const ONE_PIXEL = BATCH % ALL_ROWS == 0u; // a subgroup's rows are one pixel of different images

// Element types; f16 and vec4h if the array is stored as f16.
alias Dout4 = vec4f;
alias Dinp = f32;
alias Dinp4 = vec4f;

@group(0) @binding(0) var<storage, read> dout4: array<Dout4>; // (N, OH, OW, K), K a multiple of 4
@group(0) @binding(1) var<storage, read> weight4: array<vec4f>; // (KH, KW, C, K)
@group(0) @binding(2) var<storage, read_write> dinp: array<Dinp>; // (N, H, W, C), unless DINP_BY_FOUR
@group(0) @binding(3) var<storage, read_write> dinp4: array<Dinp4>; // the same if DINP_BY_FOUR

// Image, y and x of the output pixel that the phase's first tap puts a row's pixel under. Rows past the last repeat it.
fn origin(row: u32, phase: Phase) -> vec3i {
  let known = image_and_pixel(min(row, pixels_of(phase) - 1u));
  let met = met_first(phase) + vec2i(position(known.y, phase.count.x));
  return vec3i(i32(known.x), met.y, met.x);
}

// Filters k to k + 3 of the output pixel at `at`; zeros if `at` is -1, which is outside. If a tile is one pixel, taps
// outside were skipped.
fn load_four(at: i32, k: u32) -> vec4f {
  if (ONE_PIXEL) { return vec4f(dout4[(DOUT4_AT + u32(at) + k) >> 2u]); }
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0)) + k) >> 2u]), at >= 0);
}

// Filters k to k + 3 of a tap's channel. Channels past the last repeat it; they aren't stored.
fn load_weight(kernel: u32, c: u32, k: u32) -> vec4f {
  return weight4[(WEIGHT4_AT + (kernel * CHANNELS + min(c, CHANNELS - 1u)) * FILTERS + k) >> 2u];
}

// Channels c to c + 3 at filters k to k + 3.
fn load_weights(kernel: u32, c: u32, k: u32) -> mat4x4f {
  return transpose(mat4x4f(
    load_weight(kernel, c, k),
    load_weight(kernel, c + 1u, k),
    load_weight(kernel, c + 2u, k),
    load_weight(kernel, c + 3u, k),
  ));
}

// The lane's last columns, if the tile is wide.
fn load_last(kernel: u32, c: u32, k: u32) -> mat4x4f {
  if (WIDE) { return load_weights(kernel, c + 4u * TEAM, k); }
  return mat4x4f();
}

// The taps along an axis that are inside the output: the first, and the one after the last. `first` is where tap 0 is.
fn taps_inside(first: i32, size: u32, count: u32) -> vec2u {
  let begin = max(first - i32(size) + 1, 0);
  return vec2u(vec2i(begin, clamp(first + 1, begin, max(i32(count), begin))));
}

// Whether any of rows m to m + ALL_ROWS - 1 has a tap inside the output.
fn seen(m: u32, phase: Phase, i: u32, j: u32) -> bool {
  var found = -1;
  for (var row = m; row < min(m + ALL_ROWS, pixels_of(phase)); row += BATCH - image_and_pixel(row).x) {
    found = max(found, tap(origin(row, phase), i, j));
  }
  return found >= 0;
}

var<private> phase: Phase; // for the store; control flow uses a local copy, which is uniform across lanes

fn store(m: u32, c: u32, four: vec4f) {
  let row = image_and_pixel(m);
  let pixel = phase.first + position(row.y, phase.count.x) * vec2u(STRIDE_W, STRIDE_H);
  let at = ((row.x * HEIGHT + pixel.y) * WIDTH + pixel.x) * CHANNELS + c;
  let values = epilogue4(four, at, c);
  if (DINP_BY_FOUR) {
    if (c < CHANNELS) { dinp4[(DINP4_AT + at) >> 2u] = Dinp4(values); }
  } else {
    // Starting at a literal 0, the loop would be unrolled, and stores are most of the compilers' work.
    for (var j = u32(c >= CHANNELS); j < 4u; j++) {
      if (c + j < CHANNELS) { dinp[DINP_AT + at + j] = Dinp(values[j]); }
    }
  }
}

@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(subgroup_invocation_id) lane: u32) {
  let own = phase_of(group.id.z);
  phase = own;
  let tile = workgroup_index(group);
  let c = (tile % TILES_N) * TILE_COLUMNS + 4u * (lane % TEAM);
  let m = (tile / TILES_N) * ALL_ROWS;
  if (m >= pixels_of(own)) { return; }
  let top = m + lane / TEAM * TILE_ROWS; // of the team's tile
  let row = top + lane % SHARERS;
  let met = Origins(
    origin(row, own), origin(row + SHARERS, own),
    origin(row + 2u * SHARERS, own), origin(row + 3u * SHARERS, own),
    origin(row + 4u * SHARERS, own), origin(row + 5u * SHARERS, own),
    origin(row + 6u * SHARERS, own), origin(row + 7u * SHARERS, own),
  );
  var t = Tile();
  var u = Tile();
  if (ONE_PIXEL) {
    let first = origin(m, own);
    let starts = under_first_tap(met);
    let rows = taps_inside(first.y, OUT_HEIGHT, own.taps.y);
    let columns = taps_inside(first.z, OUT_WIDTH, own.taps.x);
    var walk = Walk(rows.x, columns.x, 0u);
    while (walk.i < select(rows.x, rows.y, columns.x < columns.y)) {
      let kernel = kernel_of(own, walk.i, walk.j);
      let at = moved(starts, -i32((walk.i * OUT_WIDTH + walk.j) * FILTERS));
      let k = walk.c;
      add_steps(&t, &u, load_weights(kernel, c, k), load_last(kernel, c, k), exchange(load_own(at, k)));
      walk = further(walk, 4u, FILTERS, columns);
    }
  } else {
    for (var i = 0u; i < own.taps.y; i++) {
      for (var j = 0u; j < own.taps.x; j++) {
        // No filters if the tap is outside, rather than a branch: wherever paths join, SwiftShader copies all sums.
        let end = select(0u, FILTERS, seen(m, own, i, j));
        let at = under_tap(met, i, j);
        let kernel = kernel_of(own, i, j);
        for (var k = 0u; k < end; k += 4u) {
          add_steps(&t, &u, load_weights(kernel, c, k), load_last(kernel, c, k), exchange(load_own(at, k)));
        }
      }
    }
  }
  store_tile(&t, &u, top, c, pixels_of(own), lane, false);
}
// appended: lib/invocation.wgsl
// appended: lib/lanes-tile.wgsl
// appended: lib/own-rows.wgsl
// appended: lib/batch-rows.wgsl
// appended: lib/walk.wgsl
// appended: lib/phases.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
