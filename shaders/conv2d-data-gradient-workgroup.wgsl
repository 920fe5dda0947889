// conv2d, gradient of the input, through workgroup memory, for GPUs: dinp[n, y, x, c] = Σ_{i, j, k}
// dout[n, (y + P − i) / S, …, k] · w[i, j, c, k] over the taps for which the division is exact, by phases as in
// conv2d-data-gradient.wgsl. Rows are the input pixels of one phase, columns are channels, and the steps of the sum are
// the phase's taps and the filters. Each workgroup computes a tile (lib/workgroup-tile.wgsl).

const BY_FOUR = true; // FILTERS is a multiple of 4, and the arrays are aligned

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + TILE - 1u) / TILE;
const LEFT_ALONG = true;
const RIGHT_ALONG = true;

// Element types; f16 and vec4h if the array is stored as f16.
alias Dout = f32;
alias Dout4 = vec4f;
alias Dinp = f32;

@group(0) @binding(0) var<storage, read> dout: array<Dout>; // (N, OH, OW, K)
@group(0) @binding(1) var<storage, read> dout4: array<Dout4>; // the same array
@group(0) @binding(2) var<storage, read> weight: array<f32>; // (KH, KW, C, K)
@group(0) @binding(3) var<storage, read> weight4: array<vec4f>; // the same array
@group(0) @binding(4) var<storage, read_write> dinp: array<Dinp>; // (N, H, W, C)

var<private> phase: Phase;

// The phase's tap (x, y) at a step of the sum.
fn tap_of(k: u32) -> vec2u {
  let tap = k / FILTERS;
  return vec2u(tap % phase.taps.x, tap / phase.taps.x);
}

fn in_sum(k: u32) -> bool {
  return k < phase.taps.x * phase.taps.y * FILTERS;
}

// The index of the element that pixels m … m + 3 of the phase meet at step k; −1 outside the image and past the last
// step. Pixels past the last repeat it; they aren't stored.
fn dout_at(m: u32, k: u32) -> vec4i {
  let tap = tap_of(k);
  let at = taps(meetings(m, phase), tap.y, tap.x);
  return select(vec4i(-1), at + i32(k % FILTERS), (at >= vec4i()) & vec4<bool>(in_sum(k)));
}

// Zeros outside are selected, not made by multiplication.
fn dout_one(at: i32) -> f32 {
  return select(0f, f32(dout[DOUT_AT + u32(max(at, 0))]), at >= 0);
}

fn dout_four(at: i32) -> vec4f {
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0))) / 4u]), at >= 0);
}

fn dout_step(m: u32, k: u32) -> vec4f {
  let at = dout_at(m, k);
  return vec4f(dout_one(at.x), dout_one(at.y), dout_one(at.z), dout_one(at.w));
}

fn left_block(m: u32, k: u32) -> mat4x4f {
  if (BY_FOUR) {
    let at = dout_at(m, k);
    return transpose(mat4x4f(dout_four(at.x), dout_four(at.y), dout_four(at.z), dout_four(at.w)));
  }
  return mat4x4f(dout_step(m, k), dout_step(m, k + 1u), dout_step(m, k + 2u), dout_step(m, k + 3u));
}

// The index of the filter's element for channel 0 at step k; 0 past the last step.
fn weight_at(k: u32) -> u32 {
  let tap = tap_of(k);
  return select(0u, kernel_of(phase, tap.y, tap.x) * CHANNELS * FILTERS + k % FILTERS, in_sum(k));
}

fn weight_one(at: u32, n: u32, k: u32) -> f32 {
  let inside = (n < CHANNELS) & in_sum(k);
  return select(0f, weight[WEIGHT_AT + at + select(0u, n * FILTERS, inside)], inside);
}

fn weight_four(at: u32, n: u32, k: u32) -> vec4f {
  let inside = (n < CHANNELS) & in_sum(k);
  return select(vec4f(), weight4[(WEIGHT4_AT + at + select(0u, n * FILTERS, inside)) / 4u], inside);
}

fn weight_step(n: u32, k: u32) -> vec4f {
  let at = weight_at(k);
  return vec4f(weight_one(at, n, k), weight_one(at, n + 1u, k), weight_one(at, n + 2u, k), weight_one(at, n + 3u, k));
}

fn right_block(n: u32, k: u32) -> mat4x4f {
  if (BY_FOUR) {
    let at = weight_at(k);
    return transpose(mat4x4f(
      weight_four(at, n, k), weight_four(at, n + 1u, k), weight_four(at, n + 2u, k), weight_four(at, n + 3u, k),
    ));
  }
  return mat4x4f(weight_step(n, k), weight_step(n, k + 1u), weight_step(n, k + 2u), weight_step(n, k + 3u));
}

fn store(m: u32, n: u32, four: vec4f) {
  if (m >= pixels_of(phase) || n >= CHANNELS) { return; }
  let at = index_of(m, phase) * CHANNELS + n;
  let values = epilogue4(four, at, n);
  for (var j = 0u; j < 4u && n + j < CHANNELS; j++) { dinp[DINP_AT + at + j] = Dinp(values[j]); }
}

// One tile per workgroup. Workgroups past the phase's last pixel have no steps and store nothing.
fn work_of(group: Workgroup) -> Work {
  let tile = workgroup_index(group);
  let m = tile / TILES_N * TILE;
  let own = phase_of(group.id.z);
  phase = own;
  let steps = select(0u, own.taps.x * own.taps.y * FILTERS, m < pixels_of(own));
  return Work(m, tile % TILES_N * TILE, 0u, steps);
}
// appended: lib/invocation.wgsl
// appended: lib/workgroup-tile.wgsl
// appended: lib/phases.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
