// conv2d, forward: out[n, y, x, k] = Σ_{i, j, c} inp[n, y·S + i·D − P, x·S + j·D − P, c] · w[i, j, c, k].
// This is also the input gradient of a transposed convolution. It is an implicit GEMM: rows are output pixels, columns
// are filters, and the sum runs over taps (i, j) and channels c. No patches are copied.

const W_BY_FOUR = true; // FILTERS is a multiple of 4

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const COLUMNS = FILTERS;
const TERMS = KERNEL_H * KERNEL_W * CHANNELS; // terms of an output, if GROUPS is 1
const TILES_N = (FILTERS + 7u) / 8u;

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = f32;
alias Out = f32;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> weight: array<f32>; // (KH, KW, C / groups, K)
@group(0) @binding(2) var<storage, read> weight4: array<vec4f>; // the same array
@group(0) @binding(3) var<storage, read_write> out: array<Out>; // (N, OH, OW, K)

// Padding is selected, not multiplied by zero, so that an infinity next to the edge has no effect.
fn load_inp(at: i32, c: u32) -> f32 {
  return select(0f, f32(inp[INP_AT + u32(max(at, 0)) + c]), at >= 0);
}

fn load_inp_four(at: vec4i, c: u32) -> vec4f {
  return vec4f(load_inp(at.x, c), load_inp(at.y, c), load_inp(at.z, c), load_inp(at.w, c));
}

// Columns past FILTERS repeat the last one; they are computed but not stored.
fn load_weight(at: u32, k: u32) -> vec4f {
  if (W_BY_FOUR) {
    return weight4[(WEIGHT4_AT + at + min(k, FILTERS - 4u)) / 4u];
  }
  return vec4f(
    weight[WEIGHT_AT + at + min(k, FILTERS - 1u)],
    weight[WEIGHT_AT + at + min(k + 1u, FILTERS - 1u)],
    weight[WEIGHT_AT + at + min(k + 2u, FILTERS - 1u)],
    weight[WEIGHT_AT + at + min(k + 3u, FILTERS - 1u)],
  );
}

fn store(m: u32, k: u32, four: vec4f) {
  if (m >= PIXELS || k >= FILTERS) { return; }
  let at = m * FILTERS + k;
  let values = epilogue4(four, at, k);
  for (var j = 0u; j < 4u && k + j < FILTERS; j++) { out[OUT_AT + at + j] = Out(values[j]); }
}

// Eight pixels by eight filters per invocation, in registers. GROUPS is 1.
@compute @workgroup_size(64)
fn tiled(invocation: Invocation) {
  let tile = flat_index(invocation);
  let k = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  if (m >= PIXELS) { return; }
  var rows = Rows();
  for (var i = 0u; i < KERNEL_H; i++) {
    for (var j = 0u; j < KERNEL_W; j++) {
      let top = taps(m, i, j);
      let bottom = taps(m + 4u, i, j);
      for (var c = 0u; c < CHANNELS; c++) {
        let at = ((i * KERNEL_W + j) * CHANNELS + c) * FILTERS;
        let w = mat2x4f(load_weight(at, k), load_weight(at, k + 4u));
        add_step(&rows, load_inp_four(top, c), load_inp_four(bottom, c), w);
      }
    }
  }
  store_tile(&rows, m, k, u32(m >= PIXELS));
}

// One output per invocation, for grouped and very narrow filters, and as the tile's oracle.
@compute @workgroup_size(64)
fn direct(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= PIXELS * FILTERS) { return; }
  let k = index % FILTERS;
  let m = index / FILTERS;
  let width = CHANNELS / GROUPS; // input channels per filter
  let first = (k / (FILTERS / GROUPS)) * width;
  // A zero that compilers can't see through, so that the inner loop isn't unrolled: lavapipe takes 6 s to compile the
  // unrolled loop, instead of 0.1 s.
  let zero = u32(index >= PIXELS * FILTERS);
  var sum = 0f;
  for (var i = 0u; i < KERNEL_H; i++) {
    for (var j = 0u; j < KERNEL_W; j++) {
      let at = tap(m, i, j);
      if (at < 0) { continue; }
      for (var c = zero; c < width; c++) {
        sum += f32(inp[INP_AT + u32(at) + first + c]) * weight[WEIGHT_AT + ((i * KERNEL_W + j) * width + c) * FILTERS + k];
      }
    }
  }
  out[OUT_AT + index] = Out(epilogue(sum, index, k));
}
// The weights of a term for all filters, of which there are at most four.
fn weights_of(term: u32) -> vec4f {
  let at = WEIGHT_AT + term * FILTERS;
  var four = vec4f(weight[at]);
  if (FILTERS > 1u) { four.y = weight[at + 1u]; }
  if (FILTERS > 2u) { four.z = weight[at + 2u]; }
  if (FILTERS > 3u) { four.w = weight[at + 3u]; }
  return four;
}

// The product that a term (a tap's channel) adds to an output pixel. Nothing, not even an infinite weight, comes out of
// the padding.
fn product_of(m: u32, term: u32) -> vec4f {
  let channels = max(CHANNELS, 1u); // a module that divides by 0 isn't valid, even if it launches `direct`
  let kernel = term / channels;
  let at = tap(m, kernel / KERNEL_W, kernel % KERNEL_W);
  let x = f32(inp[INP_AT + u32(max(at, 0)) + term % channels]);
  return select(vec4f(), x * weights_of(term), at >= 0);
}

// One output pixel per workgroup, for GPUs: if pixels and filters are few and terms are many. Neighbouring lanes read
// neighbouring channels. FILTERS is at most 4, and GROUPS is 1.
@compute @workgroup_size(256)
fn split(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let m = workgroup_index(group);
  var sums = vec4f();
  var term = lane;
  // Four terms at a time: their loads don't wait for one another.
  for (; term + 768u < TERMS; term += 1024u) {
    sums += (product_of(m, term) + product_of(m, term + 256u))
      + (product_of(m, term + 512u) + product_of(m, term + 768u));
  }
  for (; term < TERMS; term += 256u) { sums += product_of(m, term); }
  let total = sum_of_parts(lane, sums);
  if (m < PIXELS && lane < FILTERS) {
    let at = m * FILTERS + lane;
    out[OUT_AT + at] = Out(epilogue(total[lane], at, lane));
  }
}
// appended: lib/invocation.wgsl
// appended: lib/parts.wgsl
// appended: lib/register-tile.wgsl
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
