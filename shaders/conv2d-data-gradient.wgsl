// conv2d, gradient of the input: dinp[n, y, x, c] = Σ_{i, j, k} dout[n, (y + P − i) / S, …, k] · w[i, j, c, k]
// over the taps for which the division is exact. This is also the forward of a transposed convolution. Input pixels are
// divided into S·S phases by (y + P) mod S. Within a phase, the taps are i = phase, phase + S, … and the sum is a small
// dense convolution, without inserted zeros or a divisibility test.

const BY_FOUR = true; // FILTERS is a multiple of 4, and the arrays are aligned

const STRIP = 8u; // pixels of a strip: 4, 7 or 8
const STRIPS = ((WIDTH + STRIDE_W - 1u) / STRIDE_W + STRIP - 1u) / STRIP; // in a row of a phase
const ROWS = (HEIGHT + STRIDE_H - 1u) / STRIDE_H; // of a phase

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + 7u) / 8u;

// Element types; f16 and vec4h if the array is stored as f16.
alias Dout = f32;
alias Dout4 = vec4f;
alias Dinp = f32;

@group(0) @binding(0) var<storage, read> dout: array<Dout>; // (N, OH, OW, K)
@group(0) @binding(1) var<storage, read> weight: array<f32>; // (KH, KW, C / groups, K)
@group(0) @binding(2) var<storage, read_write> dinp: array<Dinp>; // (N, H, W, C)
@group(0) @binding(3) var<storage, read> dout4: array<Dout4>; // the same array as dout
@group(0) @binding(4) var<storage, read> weight4: array<vec4f>; // the same array as weight

var<private> phase: Phase;

fn load_dout(at: i32, k: u32) -> f32 {
  return select(0f, f32(dout[DOUT_AT + u32(max(at, 0)) + k]), at >= 0);
}

fn load_douts(at: vec4i, k: u32) -> vec4f {
  return vec4f(load_dout(at.x, k), load_dout(at.y, k), load_dout(at.z, k), load_dout(at.w, k));
}

fn load_dout_four(at: i32, k: u32) -> vec4f {
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0)) + k) >> 2u]), at >= 0);
}

// Columns past CHANNELS repeat the last one; they are computed but not stored.
fn load_weight(at: u32, c: u32) -> vec4f {
  return vec4f(
    weight[WEIGHT_AT + at + min(c, CHANNELS - 1u) * FILTERS],
    weight[WEIGHT_AT + at + min(c + 1u, CHANNELS - 1u) * FILTERS],
    weight[WEIGHT_AT + at + min(c + 2u, CHANNELS - 1u) * FILTERS],
    weight[WEIGHT_AT + at + min(c + 3u, CHANNELS - 1u) * FILTERS],
  );
}

fn store(m: u32, c: u32, four: vec4f) {
  if (m >= pixels_of(phase) || c >= CHANNELS) { return; }
  let at = index_of(m, phase) * CHANNELS + c;
  let values = epilogue4(four, at, c);
  for (var j = 0u; j < 4u && c + j < CHANNELS; j++) { dinp[DINP_AT + at + j] = Dinp(values[j]); }
}

// Eight pixels of one phase by eight channels per invocation. GROUPS and both dilations are 1.
@compute @workgroup_size(64)
fn tiled(invocation: Invocation) {
  phase = phase_of(invocation.group.z);
  let tile = flat_index(invocation);
  let c = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  if (m >= pixels_of(phase)) { return; }
  let top = meetings(m, phase);
  let bottom = meetings(m + 4u, phase);
  var rows = Rows();
  for (var i = 0u; i < phase.taps.y; i++) {
    for (var j = 0u; j < phase.taps.x; j++) {
      let top_at = taps(top, i, j);
      let bottom_at = taps(bottom, i, j);
      for (var k = 0u; k < FILTERS; k++) {
        let at = kernel_of(phase, i, j) * CHANNELS * FILTERS + k;
        let w = mat2x4f(load_weight(at, c), load_weight(at, c + 4u));
        add_step(&rows, load_douts(top_at, k), load_douts(bottom_at, k), w);
      }
    }
  }
  store_tile(&rows, m, c, u32(m >= pixels_of(phase)));
}

// A row of the output's gradient that a strip's pixels meet: its first column is two before the strip's own.
struct Strip {
  n: u32,
  y: i32,
  x: i32,
}

fn at_column(strip: Strip, i: u32, x: i32) -> i32 {
  return tap(vec3i(i32(strip.n), strip.y, x), i, 0u);
}

fn load_column(strip: Strip, i: u32, x: i32, k: u32) -> vec4f {
  let at = at_column(strip, i, x);
  if (BY_FOUR) { return load_dout_four(at, k); }
  return vec4f(load_dout(at, k), 0f, 0f, 0f);
}

// The weights of a tap; zeros if the phase has fewer.
fn load_tap(i: u32, j: u32, c: u32, k: u32) -> vec4f {
  let at = (kernel_of(phase, i, min(j, phase.taps.x - 1u)) * CHANNELS + c) * FILTERS + k;
  var w: vec4f;
  if (BY_FOUR) { w = weight4[(WEIGHT4_AT + at) >> 2u]; } else { w = vec4f(weight[WEIGHT_AT + at], 0f, 0f, 0f); }
  return select(vec4f(), w, j < phase.taps.x);
}

// A strip of up to eight neighbouring pixels of one phase by one channel per invocation, for images of one to three
// channels, which would leave most of an eight-wide tile idle. Three taps of a row share what they load. GROUPS and both
// dilations are 1.
@compute @workgroup_size(64)
fn narrow(invocation: Invocation) {
  phase = phase_of(invocation.group.z);
  let index = flat_index(invocation);
  let c = index % CHANNELS;
  let x = index / CHANNELS % STRIPS * STRIP;
  let y = index / (CHANNELS * STRIPS) % ROWS;
  let n = index / (CHANNELS * STRIPS * ROWS);
  if (n >= BATCH || y >= phase.count.y || x >= phase.count.x) { return; }
  let first = vec2i(vec2u(x, y)) + met_first(phase);
  let strip = Strip(n, first.y, first.x);
  var low = vec4f();
  var high = vec4f();
  for (var i = 0u; i < phase.taps.y; i++) {
    for (var j = 0u; j < phase.taps.x; j += 3u) {
      let column = strip.x - i32(j);
      for (var k = 0u; k < FILTERS; k += select(1u, 4u, BY_FOUR)) {
        let w0 = load_tap(i, j, c, k);
        let w1 = load_tap(i, j + 1u, c, k);
        let w2 = load_tap(i, j + 2u, c, k);
        let d0 = load_column(strip, i, column - 2, k);
        let d1 = load_column(strip, i, column - 1, k);
        let d2 = load_column(strip, i, column, k);
        let d3 = load_column(strip, i, column + 1, k);
        let d4 = load_column(strip, i, column + 2, k);
        let d5 = load_column(strip, i, column + 3, k);
        low += w0 * mat4x4f(d2, d3, d4, d5) + w1 * mat4x4f(d1, d2, d3, d4) + w2 * mat4x4f(d0, d1, d2, d3);
        if (STRIP > 4u) {
          let d6 = load_column(strip, i, column + 4, k);
          let d7 = load_column(strip, i, column + 5, k);
          let d8 = load_column(strip, i, column + 6, k);
          var d9 = vec4f();
          if (STRIP > 7u) { d9 = load_column(strip, i, column + 7, k); }
          high += w0 * mat4x4f(d6, d7, d8, d9) + w1 * mat4x4f(d5, d6, d7, d8) + w2 * mat4x4f(d4, d5, d6, d7);
        }
      }
    }
  }
  let row = (n * HEIGHT + phase.first.y + y * STRIDE_H) * WIDTH + phase.first.x;
  for (var p = 0u; p < STRIP && x + p < phase.count.x; p++) {
    let at = (row + (x + p) * STRIDE_W) * CHANNELS + c;
    dinp[DINP_AT + at] = Dinp(epilogue(select(high[p % 4u], low[p % 4u], p < 4u), at, c));
  }
}

// One input element per invocation, for grouped and dilated cases, and as the tiles' oracle.
@compute @workgroup_size(64)
fn direct(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= BATCH * HEIGHT * WIDTH * CHANNELS) { return; }
  let channel = index % CHANNELS;
  let x = (index / CHANNELS) % WIDTH;
  let y = (index / (CHANNELS * WIDTH)) % HEIGHT;
  let n = index / (CHANNELS * WIDTH * HEIGHT);
  let width = CHANNELS / GROUPS; // input channels per filter
  let filters = FILTERS / GROUPS;
  let c = channel % width;
  let first = (channel / width) * filters;
  // A zero that compilers can't see through, so that the inner loop isn't unrolled: lavapipe takes 12 s to compile the
  // unrolled loop, instead of 0.1 s.
  let zero = u32(index >= BATCH * HEIGHT * WIDTH * CHANNELS);
  var sum = 0f;
  for (var i = 0u; i < KERNEL_H; i++) {
    let row = i32(y) + PAD_TOP - i32(i * DILATION_H);
    if (row < 0 || row % i32(STRIDE_H) != 0 || row / i32(STRIDE_H) >= i32(OUT_HEIGHT)) { continue; }
    for (var j = 0u; j < KERNEL_W; j++) {
      let column = i32(x) + PAD_LEFT - i32(j * DILATION_W);
      if (column < 0 || column % i32(STRIDE_W) != 0 || column / i32(STRIDE_W) >= i32(OUT_WIDTH)) { continue; }
      let pixel = (n * OUT_HEIGHT + u32(row) / STRIDE_H) * OUT_WIDTH + u32(column) / STRIDE_W;
      let at = pixel * FILTERS + first;
      let w = ((i * KERNEL_W + j) * width + c) * FILTERS + first;
      for (var k = zero; k < filters; k++) {
        sum += f32(dout[DOUT_AT + at + k]) * weight[WEIGHT_AT + w + k];
      }
    }
  }
  dinp[DINP_AT + index] = Dinp(epilogue(sum, index, channel));
}
// appended: lib/invocation.wgsl
// appended: lib/register-tile.wgsl
// appended: lib/phases.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
