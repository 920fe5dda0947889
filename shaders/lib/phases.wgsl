// phases: the input pixels of a strided convolution by offset in the stride, and the output pixels that they meet.

// The input pixels of one phase: every STRIDE-th row from `first.y`, every STRIDE-th column from `first.x`.
struct Phase {
  tap: vec2u, // first tap (x, y)
  taps: vec2u, // how many taps (x, y)
  first: vec2u, // first pixel (x, y)
  count: vec2u, // columns and rows
}

fn phase_of(z: u32) -> Phase {
  let stride = vec2u(STRIDE_W, STRIDE_H);
  let tap = vec2u(z % STRIDE_W, z / STRIDE_W);
  let pad = vec2u(vec2i(PAD_LEFT, PAD_TOP) + vec2i(stride) * 65536i) % stride;
  let first = (tap + stride - pad) % stride;
  return Phase(tap, along(vec2u(KERNEL_W, KERNEL_H), tap), first, along(vec2u(WIDTH, HEIGHT), first));
}

// How many of `size` there are, counting every STRIDE-th from `first` on.
fn along(size: vec2u, first: vec2u) -> vec2u {
  let stride = vec2u(STRIDE_W, STRIDE_H);
  return (max(size, first) - first + stride - 1u) / stride;
}

// The number of the phase's pixels in all images.
fn pixels_of(phase: Phase) -> u32 {
  return BATCH * phase.count.x * phase.count.y;
}

// The index of the phase's tap (i, j) among all taps of the filter.
fn kernel_of(phase: Phase, i: u32, j: u32) -> u32 {
  return (phase.tap.y + i * STRIDE_H) * KERNEL_W + phase.tap.x + j * STRIDE_W;
}

// x and y of the output pixel whose first tap of the phase falls on the phase's first input pixel. Those of the next
// input pixels follow it.
fn met_first(phase: Phase) -> vec2i {
  let first = vec2i(phase.first) + vec2i(PAD_LEFT, PAD_TOP) - vec2i(phase.tap);
  return first / vec2i(i32(STRIDE_W), i32(STRIDE_H)); // exact, so rounding doesn't matter
}

// (n, y, x) of the output pixel whose first tap of the phase falls on input pixel m of the phase. Pixels past the last
// repeat it.
fn meets(m: u32, phase: Phase) -> vec3i {
  let pixel = min(m, pixels_of(phase) - 1u);
  let column = pixel % phase.count.x;
  let row = (pixel / phase.count.x) % phase.count.y;
  let n = pixel / (phase.count.x * phase.count.y);
  let met = met_first(phase) + vec2i(vec2u(column, row));
  return vec3i(i32(n), met.y, met.x);
}

// The index of the first filter of output pixel `at` moved back by (i, j) taps of the phase, or -1 outside.
fn tap(at: vec3i, i: u32, j: u32) -> i32 {
  let y = at.y - i32(i);
  let x = at.z - i32(j);
  // `&`, not `&&`: with branches, eight of these took SwiftShader 35 s to compile instead of 0.2 s.
  let inside = (y >= 0) & (y < i32(OUT_HEIGHT)) & (x >= 0) & (x < i32(OUT_WIDTH));
  return select(-1, unbounded(vec3i(at.x, y, x)), inside);
}

// The same without the edges of the output.
fn unbounded(at: vec3i) -> i32 {
  return ((at.x * i32(OUT_HEIGHT) + at.y) * i32(OUT_WIDTH) + at.z) * i32(FILTERS);
}

// The results of `meets` for four input pixels.
struct Meetings {
  p0: vec3i,
  p1: vec3i,
  p2: vec3i,
  p3: vec3i,
}

// Those of pixels m … m + 3 of the phase.
fn meetings(m: u32, phase: Phase) -> Meetings {
  return Meetings(meets(m, phase), meets(m + 1u, phase), meets(m + 2u, phase), meets(m + 3u, phase));
}

fn taps(at: Meetings, i: u32, j: u32) -> vec4i {
  return vec4i(tap(at.p0, i, j), tap(at.p1, i, j), tap(at.p2, i, j), tap(at.p3, i, j));
}

// The index of input pixel m of a phase among all pixels of the input.
fn index_of(m: u32, phase: Phase) -> u32 {
  let x = phase.first.x + (m % phase.count.x) * STRIDE_W;
  let y = phase.first.y + ((m / phase.count.x) % phase.count.y) * STRIDE_H;
  let n = m / (phase.count.x * phase.count.y);
  return (n * HEIGHT + y) * WIDTH + x;
}
// appended: lib/convolution.wgsl
