// conv2d, forward, with loads shared by lanes, for adapters where a load costs dozens of multiply-adds. It computes the
// same as conv2d-forward.wgsl with a tile (lib/lanes-tile.wgsl) whose rows are output pixels and whose columns are
// filters. Rows run through the batch first, so that with a large batch a tile is one pixel of many images, and taps in
// the padding are skipped for the whole tile.
enable subgroups;

const INP_BY_FOUR = true; // CHANNELS is a multiple of 4, and the array is aligned
const OUT_BY_FOUR = true; // FILTERS is a multiple of 4, and the array is aligned

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const COLUMNS = FILTERS;
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

// The taps along an axis that are inside the image for some of the pixels from one to another of a line.
fn seen(first: i32, last: i32, size: u32, dilation: u32, count: u32) -> vec2u {
  let a = taps_inside(first, size, dilation, count);
  let b = taps_inside(last, size, dilation, count);
  return vec2u(min(a.x, b.x), min(max(a.y, b.y), count));
}

// Channels c to c + 3 under the tap at `at`; zeros if `at` is -1, which is in the padding. If a tile is one pixel, taps
// in the padding were skipped.
fn load_four(at: i32, c: u32) -> vec4f {
  if (ONE_PIXEL) { return vec4f(inp4[(INP4_AT + u32(at) + c) >> 2u]); }
  return select(vec4f(), vec4f(inp4[(INP4_AT + u32(max(at, 0)) + c) >> 2u]), at >= 0);
}

// A step of the sum: one channel under one tap. Steps past the last are zeros on both sides, because what is read there
// may be infinite; so are taps in the padding, if a tile is one pixel. They aren't skipped: the same steps are always
// added up together, so that an image's result has the same bits in every batch.
struct Step {
  at: Walk,
  weight: u32, // its row of the filter
  in_range: bool,
}

fn step_of(at: Walk, first: vec3i) -> Step {
  let in_range = (at.i < KERNEL_H) & (!ONE_PIXEL | (tap(first, at.i, at.j) >= 0));
  return Step(at, select(0u, weight_row(at), in_range), in_range);
}

fn next_step(at: Walk) -> Walk {
  return further(at, 1u, CHANNELS, vec2u(0u, KERNEL_W));
}

fn weight_row(at: Walk) -> u32 {
  return (at.i * KERNEL_W + at.j) * CHANNELS + at.c;
}

// How far an element under a tap is behind that under the first tap.
fn offset(at: Walk) -> i32 {
  return i32((at.i * DILATION_H * WIDTH + at.j * DILATION_W) * CHANNELS);
}

struct Steps {
  s0: Step,
  s1: Step,
  s2: Step,
  s3: Step,
}

// The input at a step of the sum of an output pixel, whose first tap is at `start`; 0 in the padding.
fn load_step(first: vec3i, start: i32, step: Step) -> f32 {
  var at = start + offset(step.at);
  if (!ONE_PIXEL) { at = tap(first, step.at.i, step.at.j); }
  return select(0f, f32(inp[INP_AT + u32(max(at, 0)) + step.at.c]), step.in_range & (at >= 0));
}

fn load_steps(first: vec3i, start: i32, steps: Steps) -> vec4f {
  return vec4f(
    load_step(first, start, steps.s0), load_step(first, start, steps.s1),
    load_step(first, start, steps.s2), load_step(first, start, steps.s3),
  );
}

fn load_own_steps(at: Origins, starts: Indices, steps: Steps) -> Rows {
  var x = Rows();
  x.x0 = load_steps(at.p0, starts.first.x, steps);
  x.x1 = load_steps(at.p1, starts.first.y, steps);
  if (OWN_ROWS > 2u) {
    x.x2 = load_steps(at.p2, starts.first.z, steps);
    x.x3 = load_steps(at.p3, starts.first.w, steps);
  }
  if (OWN_ROWS > 4u) {
    x.x4 = load_steps(at.p4, starts.last.x, steps);
    x.x5 = load_steps(at.p5, starts.last.y, steps);
    x.x6 = load_steps(at.p6, starts.last.z, steps);
    x.x7 = load_steps(at.p7, starts.last.w, steps);
  }
  return x;
}

// Filters k to k + 3 at a row of the filter. Filters past the last repeat it; they aren't stored.
fn load_weight(row: u32, k: u32) -> vec4f {
  return weight4[(WEIGHT4_AT + row * FILTERS + min(k, FILTERS - 4u)) >> 2u];
}

fn load_weights(row: u32, k: u32) -> mat4x4f {
  return mat4x4f(load_weight(row, k), load_weight(row + 1u, k), load_weight(row + 2u, k), load_weight(row + 3u, k));
}

// The lane's last columns, if the tile is wide.
fn load_last(row: u32, k: u32) -> mat4x4f {
  if (WIDE) { return load_weights(row, k + 4u * TEAM); }
  return mat4x4f();
}

fn load_step_weight(step: Step, k: u32) -> vec4f {
  return select(vec4f(), load_weight(step.weight, k), step.in_range);
}

fn load_step_weights(steps: Steps, k: u32) -> mat4x4f {
  return mat4x4f(
    load_step_weight(steps.s0, k), load_step_weight(steps.s1, k), load_step_weight(steps.s2, k), load_step_weight(steps.s3, k),
  );
}

fn load_last_step_weights(steps: Steps, k: u32) -> mat4x4f {
  if (WIDE) { return load_step_weights(steps, k + 4u * TEAM); }
  return mat4x4f();
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
  let starts = under_first_tap(origins);
  let first = origin(m);
  if (INP_BY_FOUR) {
    let last = origin(m + ALL_ROWS - 1u);
    let rows = seen(first.y, last.y, HEIGHT, DILATION_H, KERNEL_H);
    let columns = select(
      vec2u(0u, KERNEL_W), seen(first.z, last.z, WIDTH, DILATION_W, KERNEL_W), first.y == last.y,
    );
    var walk = Walk(rows.x, columns.x, 0u);
    while (walk.i < select(rows.x, rows.y, columns.x < columns.y)) {
      let row = weight_row(walk);
      var at = moved(starts, offset(walk));
      if (!ONE_PIXEL) { at = under_tap(origins, walk.i, walk.j); }
      add_steps(&t, &u, load_weights(row, k), load_last(row, k), exchange(load_own(at, walk.c)));
      walk = further(walk, 4u, CHANNELS, columns);
    }
  } else {
    var walk = Walk();
    while (walk.i < KERNEL_H) {
      let second = next_step(walk);
      let third = next_step(second);
      let fourth = next_step(third);
      let steps = Steps(step_of(walk, first), step_of(second, first), step_of(third, first), step_of(fourth, first));
      let x = load_own_steps(origins, starts, steps);
      add_steps(&t, &u, load_step_weights(steps, k), load_last_step_weights(steps, k), exchange(x));
      walk = next_step(fourth);
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
