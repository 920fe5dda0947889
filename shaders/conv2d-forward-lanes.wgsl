// conv2d, forward, with loads shared by lanes: as conv2d-forward.wgsl, by a tile of 8 output pixels and 4·LANES filters a
// subgroup. Lanes load neighbouring channels of a pixel and hand them round; each keeps four filters of
// its own. For adapters where a load costs dozens of multiply-adds.
enable subgroups;

const LANES = 8u; // of every subgroup, and so of every workgroup

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const COLUMNS = FILTERS;
const TILES_N = (FILTERS + 4u * LANES - 1u) / (4u * LANES);

// Where each array starts in its binding, in 32-bit words.
const INP_AT = 0u;
const WEIGHT4_AT = 0u;
const OUT_AT = 0u;

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (N, H, W, C)
@group(0) @binding(1) var<storage, read> weight4: array<vec4f>; // (KH, KW, C, K), K a multiple of 4
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // (N, OH, OW, K)

// Adds `steps` channels from c on, at most LANES, of one tap: `at` says where each pixel's lie, or -1.
fn add_channels(r: ptr<function, array<vec4f, 8>>, at: array<i32, 8>, kernel: u32, k: u32, c: u32, steps: u32, lane: u32) {
  var x: array<f32, 8>;
  for (var i = 0u; i < 8u; i++) {
    x[i] = select(0f, inp[INP_AT + u32(max(at[i], 0)) + min(c + lane, CHANNELS - 1u)], at[i] >= 0);
  }
  for (var step = 0u; step < steps; step++) {
    let w = weight4[(WEIGHT4_AT + (kernel * CHANNELS + c + step) * FILTERS + min(k, FILTERS - 4u)) / 4u];
    for (var i = 0u; i < 8u; i++) { (*r)[i] += subgroupShuffle(x[i], step) * w; }
  }
}

@compute @workgroup_size(LANES)
fn tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let tile = group.y * groups.x + group.x;
  let k = (tile % TILES_N) * 4u * LANES + 4u * lane;
  let m = (tile / TILES_N) * 8u;
  if (m >= PIXELS) { return; }
  var r = array<vec4f, 8>();
  for (var kernel = 0u; kernel < KERNEL_H * KERNEL_W; kernel++) {
    var at: array<i32, 8>;
    var seen = -1; // whether any of the pixels has this tap inside the image
    for (var i = 0u; i < 8u; i++) {
      at[i] = tap(m + i, kernel / KERNEL_W, kernel % KERNEL_W);
      seen = max(seen, at[i]);
    }
    if (seen < 0) { continue; }
    for (var c = 0u; c + LANES <= CHANNELS; c += LANES) { add_channels(&r, at, kernel, k, c, LANES, lane); }
    if (CHANNELS % LANES != 0u) {
      add_channels(&r, at, kernel, k, CHANNELS - CHANNELS % LANES, CHANNELS % LANES, lane);
    }
  }
  for (var i = 0u; i < 8u; i++) {
    if (m + i >= PIXELS) { break; }
    let at = (m + i) * FILTERS + k;
    let four = finish4(r[i], at, k);
    // Not from 0, which unrolls: stores are most of what compilers work on.
    for (var j = u32(k >= FILTERS); j < 4u; j++) {
      if (k + j < FILTERS) { out[OUT_AT + at + j] = four[j]; }
    }
  }
}
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/numbers.wgsl
