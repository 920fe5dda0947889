// conv2d, gradient of the input: dinp[n, y, x, c] = Σ_{i, j, k} dout[n, (y + P − i) / S, …, k] · w[i, j, c, k]
// over the taps for which the division is exact. This is also the forward of a transposed convolution. Input pixels are
// divided into S·S phases by (y + P) mod S. Within a phase, the taps are i = phase, phase + S, … and the sum is a small
// dense convolution, without inserted zeros or a divisibility test.

const BY_FOUR = true; // FILTERS is a multiple of 4, and the arrays are aligned

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
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0)) + k) / 4u]), at >= 0);
}

fn load_fours(at: vec4i, k: u32) -> mat4x4f {
  return mat4x4f(load_dout_four(at.x, k), load_dout_four(at.y, k), load_dout_four(at.z, k), load_dout_four(at.w, k));
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

// Eight pixels of one phase by one channel per invocation, for images of one to three channels, which would leave most
// of an eight-wide tile idle. GROUPS and both dilations are 1.
@compute @workgroup_size(64)
fn narrow(invocation: Invocation) {
  phase = phase_of(invocation.group.z);
  let pixels = pixels_of(phase);
  let tile = flat_index(invocation);
  let c = tile % CHANNELS;
  let m = (tile / CHANNELS) * 8u;
  if (m >= pixels) { return; }
  var low = vec4f();
  var high = vec4f();
  for (var i = 0u; i < phase.taps.y; i++) {
    for (var j = 0u; j < phase.taps.x; j++) {
      let top = taps(meetings(m, phase), i, j);
      let bottom = taps(meetings(m + 4u, phase), i, j);
      let at = (kernel_of(phase, i, j) * CHANNELS + c) * FILTERS;
      if (BY_FOUR) {
        for (var k = 0u; k < FILTERS; k += 4u) {
          let w = weight4[(WEIGHT4_AT + at + k) / 4u];
          low += w * load_fours(top, k);
          high += w * load_fours(bottom, k);
        }
      } else {
        for (var k = 0u; k < FILTERS; k++) {
          let w = weight[WEIGHT_AT + at + k];
          low += load_douts(top, k) * w;
          high += load_douts(bottom, k) * w;
        }
      }
    }
  }
  for (var i = 0u; i < 8u && m + i < pixels; i++) {
    let at = index_of(m + i, phase) * CHANNELS + c;
    dinp[DINP_AT + at] = Dinp(epilogue(select(high[i % 4u], low[i % 4u], i < 4u), at, c));
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
