// conv2d, gradient of the filter, with loads shared by lanes: as conv2d-weight-gradient.wgsl, by a tile of 8 channels under one
// tap and 4·LANES filters a subgroup. Each lane loads the channels of an output pixel of its own and hands
// them round; each keeps four filters. For adapters where a load costs dozens of multiply-adds.
enable subgroups;

const SPLITS = 1u;
const CHUNK = 64u;
const LANES = 8u; // of every subgroup, and so of every workgroup

const PIXELS = BATCH * OUT_HEIGHT * OUT_WIDTH;
const ROWS = KERNEL_H * KERNEL_W * CHANNELS; // of the filter as a matrix (taps and channels, filters)
const TILES_N = (FILTERS + 4u * LANES - 1u) / (4u * LANES);

// Where each array starts in its binding, in 32-bit words.
const INP4_AT = 0u;
const DOUT4_AT = 0u;
const DWEIGHT_AT = 0u;

@group(0) @binding(0) var<storage, read> inp4: array<vec4f>; // (N, H, W, C), C a multiple of 8
@group(0) @binding(1) var<storage, read> dout4: array<vec4f>; // (N, OH, OW, K), K a multiple of 4
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>; // (SPLITS, KH, KW, C, K)

// Adds `steps` output pixels from `first` on, at most LANES, for channels c to c + 7 of a tap.
fn add_pixels(r: ptr<function, array<vec4f, 8>>, kernel: u32, c: u32, k: u32, first: u32, steps: u32, lane: u32) {
  let at = tap(first + lane, kernel / KERNEL_W, kernel % KERNEL_W);
  let found = (INP4_AT + u32(max(at, 0)) + c) / 4u;
  let low = select(vec4f(), inp4[found], at >= 0);
  let high = select(vec4f(), inp4[found + 1u], at >= 0);
  for (var step = 0u; step < steps; step++) {
    let d = dout4[(DOUT4_AT + (first + step) * FILTERS + min(k, FILTERS - 4u)) / 4u];
    for (var i = 0u; i < 4u; i++) {
      (*r)[i] += subgroupShuffle(low[i], step) * d;
      (*r)[i + 4u] += subgroupShuffle(high[i], step) * d;
    }
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
  if (m >= ROWS) { return; }
  let end = min(PIXELS, (group.z + 1u) * CHUNK);
  var first = group.z * CHUNK;
  var r = array<vec4f, 8>();
  for (; first + LANES <= end; first += LANES) {
    add_pixels(&r, m / CHANNELS, m % CHANNELS, k, first, LANES, lane);
  }
  add_pixels(&r, m / CHANNELS, m % CHANNELS, k, first, end - first, lane);
  for (var i = 0u; i < 8u; i++) {
    if (m + i >= ROWS) { break; }
    let at = (group.z * ROWS + m + i) * FILTERS + k;
    // Not from 0, which unrolls: stores are most of what compilers work on.
    for (var j = u32(k >= FILTERS); j < 4u; j++) {
      if (k + j < FILTERS) { dweight[DWEIGHT_AT + at + j] = r[i][j]; }
    }
  }
}
// appended: lib/taps.wgsl
// appended: lib/convolution.wgsl
