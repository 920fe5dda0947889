// conv2d, forward, with loads shared by lanes, for adapters where a load costs dozens of multiply-adds. It computes the
// same as conv2d-forward.wgsl with a tile (lib/lanes-tile.wgsl) whose rows are output pixels and whose columns are
// filters. Rows run through the batch first, so that with a large batch a tile is one pixel of many images, and taps in
// the padding are skipped for the whole tile.
enable subgroups;

const INP_BY_FOUR = true; // CHANNELS is a multiple of 4, and the array is aligned

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const COLUMNS = FILTERS;
const STEPS = KERNEL_H * KERNEL_W * CHANNELS; // terms of the sum
const TILES_N = (FILTERS + TILE_COLUMNS - 1u) / TILE_COLUMNS;

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Inp4 = vec4f;
alias Out = f32;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<Inp4>; // the same array
@group(0) @binding(2) var<storage, read> weight4: array<vec4f>; // (KH, KW, C, K), K a multiple of 4
@group(0) @binding(3) var<storage, read_write> out: array<Out>; // (N, OH, OW, K)

// The index of a row's pixel among all output pixels.
fn pixel_of(row: u32) -> u32 {
  return row % BATCH * (OUT_HEIGHT * OUT_WIDTH) + row / BATCH;
}

// Channels c to c + 3 under the tap at `at`; zeros if `at` is -1, which is in the padding.
fn load_four(at: i32, c: u32) -> vec4f {
  return select(vec4f(), vec4f(inp4[(INP4_AT + u32(max(at, 0)) + c) / 4u]), at >= 0);
}

// Step `step` of the sum for an output pixel: one channel under one tap.
fn load_step(pixel: u32, step: u32) -> f32 {
  let kernel = step / CHANNELS;
  let at = tap(pixel, kernel / KERNEL_W, kernel % KERNEL_W);
  let inside = (at >= 0) & (step < STEPS);
  return select(0f, f32(inp[INP_AT + select(0u, u32(at) + step % CHANNELS, inside)]), inside);
}

fn load_steps(pixel: u32, step: u32) -> vec4f {
  return vec4f(load_step(pixel, step), load_step(pixel, step + 1u), load_step(pixel, step + 2u), load_step(pixel, step + 3u));
}

// Filters k to k + 3 at four steps of the sum. Steps past the last repeat it, but are multiplied by 0. Filters past the
// last repeat it too, but aren't stored.
fn load_weights(step: u32, k: u32) -> mat4x4f {
  let column = WEIGHT4_AT + min(k, FILTERS - 4u);
  return mat4x4f(
    weight4[(column + step * FILTERS) / 4u],
    weight4[(column + min(step + 1u, STEPS - 1u) * FILTERS) / 4u],
    weight4[(column + min(step + 2u, STEPS - 1u) * FILTERS) / 4u],
    weight4[(column + min(step + 3u, STEPS - 1u) * FILTERS) / 4u],
  );
}

// Whether any of rows m to m + TILE_ROWS - 1 has a tap inside the image.
fn seen(m: u32, i: u32, j: u32) -> bool {
  var found = -1;
  for (var pixel = m / BATCH; pixel <= min(m + TILE_ROWS - 1u, PIXELS - 1u) / BATCH; pixel++) {
    found = max(found, tap(pixel, i, j));
  }
  return found >= 0;
}

fn store(m: u32, k: u32, four: vec4f) {
  let at = pixel_of(m) * FILTERS + k;
  let values = epilogue4(four, at, k);
  // Starting at a literal 0, the loop would be unrolled, and stores are most of the compilers' work.
  for (var j = u32(k >= FILTERS); j < 4u; j++) {
    if (k + j < FILTERS) { out[OUT_AT + at + j] = Out(values[j]); }
  }
}

@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = workgroup_index(group);
  let k = (tile % TILES_N) * TILE_COLUMNS + 4u * lane;
  let m = (tile / TILES_N) * TILE_ROWS;
  if (m >= PIXELS) { return; }
  let p0 = pixel_of(min(m + lane % SHARERS, PIXELS - 1u));
  let p1 = pixel_of(min(m + SHARERS + lane % SHARERS, PIXELS - 1u));
  let p2 = pixel_of(min(m + 2u * SHARERS + lane % SHARERS, PIXELS - 1u));
  let p3 = pixel_of(min(m + 3u * SHARERS + lane % SHARERS, PIXELS - 1u));
  var sums = Tile();
  if (INP_BY_FOUR) {
    for (var kernel = 0u; kernel < KERNEL_H * KERNEL_W; kernel++) {
      let i = kernel / KERNEL_W;
      let j = kernel % KERNEL_W;
      if (!seen(m, i, j)) { continue; }
      let at0 = tap(p0, i, j);
      let at1 = tap(p1, i, j);
      let at2 = tap(p2, i, j);
      let at3 = tap(p3, i, j);
      for (var c = 0u; c < CHANNELS; c += 4u) {
        let w = load_weights(kernel * CHANNELS + c, k);
        add_steps(&sums, w, load_four(at0, c), load_four(at1, c), load_four(at2, c), load_four(at3, c));
      }
    }
  } else {
    for (var step = 0u; step < STEPS; step += 4u) {
      let w = load_weights(step, k);
      add_steps(&sums, w, load_steps(p0, step), load_steps(p1, step), load_steps(p2, step), load_steps(p3, step));
    }
  }
  store_tile(&sums, m, k, PIXELS);
}
// appended: lib/invocation.wgsl
// appended: lib/lanes-tile.wgsl
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
