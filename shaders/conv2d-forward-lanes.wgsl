// conv2d, forward, with loads shared by lanes, for adapters where a load costs dozens of multiply-adds. It computes the
// same as conv2d-forward.wgsl with a tile (lib/lanes-tile.wgsl) whose rows are output pixels and whose columns are
// filters. Rows run through the batch first, so that with a large batch a tile is one pixel of many images, and taps in
// the padding are skipped for the whole tile.
enable subgroups;

const INP_BY_FOUR = true; // CHANNELS is a multiple of 4, and the array is aligned
const OUT_BY_FOUR = true; // FILTERS is a multiple of 4, and the array is aligned

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const COLUMNS = FILTERS;
const STEPS = KERNEL_H * KERNEL_W * CHANNELS; // terms of the sum
const TILES_N = (FILTERS + TILE_COLUMNS - 1u) / TILE_COLUMNS;
const ONE_PIXEL = BATCH % ALL_ROWS == 0u; // a subgroup's rows are one pixel of different images

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Inp4 = vec4f;
alias Out = f32;
alias Out4 = vec4f;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> inp4: array<Inp4>; // the same array
@group(0) @binding(2) var<storage, read> weight4: array<vec4f>; // (KH, KW, C, K), K a multiple of 4
@group(0) @binding(3) var<storage, read_write> out: array<Out>; // (N, OH, OW, K), unless OUT_BY_FOUR
@group(0) @binding(4) var<storage, read_write> out4: array<Out4>; // the same if OUT_BY_FOUR

// Image, y and x of the input pixel under a row's first tap. Rows past the last repeat it.
fn origin(row: u32) -> vec3i {
  let known = image_and_pixel(min(row, PIXELS - 1u));
  let at = position(known.y, OUT_WIDTH);
  return vec3i(i32(known.x), i32(at.y * STRIDE_H) - PAD_TOP, i32(at.x * STRIDE_W) - PAD_LEFT);
}

// The index of the first channel under tap (i, j), or -1 in the padding.
fn tap(first: vec3i, i: u32, j: u32) -> i32 {
  let y = first.y + i32(i * DILATION_H);
  let x = first.z + i32(j * DILATION_W);
  // `&`, not `&&`: with branches, eight of these took SwiftShader 25 s to compile instead of 0.2 s.
  let inside = (y >= 0) & (y < i32(HEIGHT)) & (x >= 0) & (x < i32(WIDTH));
  return select(-1, unbounded(vec3i(first.x, y, x)), inside);
}

fn unbounded(at: vec3i) -> i32 {
  return ((at.x * i32(HEIGHT) + at.y) * i32(WIDTH) + at.z) * i32(CHANNELS);
}

// The taps along an axis that are inside the image: the first, and the one after the last. `first` is where tap 0 is.
fn taps_inside(first: i32, size: u32, dilation: u32, count: u32) -> vec2u {
  let d = i32(dilation);
  let begin = max((d - 1 - first) / d, 0);
  return vec2u(vec2i(begin, clamp((i32(size) - first + d - 1) / d, begin, max(i32(count), begin))));
}

// Channels c to c + 3 under the tap at `at`; zeros if `at` is -1, which is in the padding. If a tile is one pixel, taps
// in the padding were skipped.
fn load_four(at: i32, c: u32) -> vec4f {
  if (ONE_PIXEL) { return vec4f(inp4[(INP4_AT + u32(at) + c) >> 2u]); }
  return select(vec4f(), vec4f(inp4[(INP4_AT + u32(max(at, 0)) + c) >> 2u]), at >= 0);
}

// A step of the sum: one channel under one tap. Steps past the last are zeros on both sides, because what is read there
// may be infinite.
struct Step {
  i: u32,
  j: u32,
  c: u32,
  in_range: bool,
}

fn in_range(step: u32) -> bool {
  return (STEPS % 4u == 0u) | (step < STEPS);
}

fn step_at(step: u32) -> Step {
  let term = position(min(step, STEPS - 1u), CHANNELS);
  let kernel = position(term.y, KERNEL_W);
  return Step(kernel.y, kernel.x, term.x, in_range(step));
}

// The input at a step of an output pixel's sum; 0 in the padding.
fn load_step(first: vec3i, step: Step) -> f32 {
  let at = tap(first, step.i, step.j);
  return select(0f, f32(inp[INP_AT + u32(max(at, 0)) + step.c]), (at >= 0) & step.in_range);
}

struct Steps {
  s0: Step,
  s1: Step,
  s2: Step,
  s3: Step,
}

fn load_steps(first: vec3i, steps: Steps) -> vec4f {
  return vec4f(
    load_step(first, steps.s0), load_step(first, steps.s1), load_step(first, steps.s2), load_step(first, steps.s3),
  );
}

fn load_own_steps(at: Origins, step: u32) -> Rows {
  let steps = Steps(step_at(step), step_at(step + 1u), step_at(step + 2u), step_at(step + 3u));
  var x = Rows();
  x.x0 = load_steps(at.p0, steps);
  x.x1 = load_steps(at.p1, steps);
  if (OWN_ROWS > 2u) {
    x.x2 = load_steps(at.p2, steps);
    x.x3 = load_steps(at.p3, steps);
  }
  if (OWN_ROWS > 4u) {
    x.x4 = load_steps(at.p4, steps);
    x.x5 = load_steps(at.p5, steps);
    x.x6 = load_steps(at.p6, steps);
    x.x7 = load_steps(at.p7, steps);
  }
  return x;
}

// Filters k to k + 3 at a step of the sum. Filters past the last repeat it; they aren't stored.
fn load_weight(step: u32, k: u32) -> vec4f {
  let at = (WEIGHT4_AT + min(step, STEPS - 1u) * FILTERS + min(k, FILTERS - 4u)) >> 2u;
  return select(vec4f(), weight4[at], in_range(step));
}

fn load_weights(step: u32, k: u32) -> mat4x4f {
  return mat4x4f(load_weight(step, k), load_weight(step + 1u, k), load_weight(step + 2u, k), load_weight(step + 3u, k));
}

// The lane's last columns, if the tile is wide.
fn load_last(step: u32, k: u32) -> mat4x4f {
  if (WIDE) { return load_weights(step, k + 4u * TEAM); }
  return mat4x4f();
}

// Whether any of rows m to m + ALL_ROWS - 1 has a tap inside the image.
fn seen(m: u32, i: u32, j: u32) -> bool {
  var found = -1;
  for (var row = m; row < min(m + ALL_ROWS, PIXELS); row += BATCH - image_and_pixel(row).x) {
    found = max(found, tap(origin(row), i, j));
  }
  return found >= 0;
}

fn store(m: u32, k: u32, four: vec4f) {
  let row = image_and_pixel(m);
  let at = (row.x * (OUT_HEIGHT * OUT_WIDTH) + row.y) * FILTERS + k;
  let values = epilogue4(four, at, k);
  if (OUT_BY_FOUR) {
    if (k < FILTERS) { out4[(OUT4_AT + at) >> 2u] = Out4(values); }
  } else {
    // Starting at a literal 0, the loop would be unrolled, and stores are most of the compilers' work.
    for (var j = u32(k >= FILTERS); j < 4u; j++) {
      if (k + j < FILTERS) { out[OUT_AT + at + j] = Out(values[j]); }
    }
  }
}

@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = workgroup_index(group);
  let k = (tile % TILES_N) * TILE_COLUMNS + 4u * (lane % TEAM);
  let m = (tile / TILES_N) * ALL_ROWS;
  if (m >= PIXELS) { return; }
  let top = m + lane / TEAM * TILE_ROWS; // of the team's tile
  let own = top + lane % SHARERS;
  let origins = Origins(
    origin(own), origin(own + SHARERS), origin(own + 2u * SHARERS), origin(own + 3u * SHARERS),
    origin(own + 4u * SHARERS), origin(own + 5u * SHARERS), origin(own + 6u * SHARERS), origin(own + 7u * SHARERS),
  );
  var t = Tile();
  var u = Tile();
  if (INP_BY_FOUR) {
    if (ONE_PIXEL) {
      let first = origin(m);
      let starts = under_first_tap(origins);
      let rows = taps_inside(first.y, HEIGHT, DILATION_H, KERNEL_H);
      let columns = taps_inside(first.z, WIDTH, DILATION_W, KERNEL_W);
      var walk = Walk(rows.x, columns.x, 0u);
      while (walk.i < select(rows.x, rows.y, columns.x < columns.y)) {
        let step = (walk.i * KERNEL_W + walk.j) * CHANNELS + walk.c;
        let at = moved(starts, i32((walk.i * DILATION_H * WIDTH + walk.j * DILATION_W) * CHANNELS));
        add_steps(&t, &u, load_weights(step, k), load_last(step, k), exchange(load_own(at, walk.c)));
        walk = next_four(walk, CHANNELS, columns);
      }
    } else {
      for (var kernel = 0u; kernel < KERNEL_H * KERNEL_W; kernel++) {
        let i = kernel / KERNEL_W;
        let j = kernel % KERNEL_W;
        // No channels if the tap is outside, rather than a branch: wherever paths join, SwiftShader copies all sums.
        let end = select(0u, CHANNELS, seen(m, i, j));
        let at = under_tap(origins, i, j);
        for (var c = 0u; c < end; c += 4u) {
          let step = kernel * CHANNELS + c;
          add_steps(&t, &u, load_weights(step, k), load_last(step, k), exchange(load_own(at, c)));
        }
      }
    }
  } else {
    for (var step = 0u; step < STEPS; step += 4u) {
      add_steps(&t, &u, load_weights(step, k), load_last(step, k), exchange(load_own_steps(origins, step)));
    }
  }
  store_tile(&t, &u, top, k, PIXELS, lane, false);
}
// appended: lib/invocation.wgsl
// appended: lib/lanes-tile.wgsl
// appended: lib/own-rows.wgsl
// appended: lib/batch-rows.wgsl
// appended: lib/walk.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
