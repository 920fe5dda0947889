// conv2d, gradient of the input, with loads shared by lanes: as conv2d-data-gradient.wgsl, by a tile of 8 input pixels of one
// phase and 4·LANES channels a subgroup. Lanes load neighbouring filters of a pixel and hand them round;
// each keeps four channels of its own. For adapters where a load costs dozens of multiply-adds.
enable subgroups;

const LANES = 8u; // of every subgroup, and so of every workgroup

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + 4u * LANES - 1u) / (4u * LANES);

// Where each array starts in its binding, in 32-bit words.
const DOUT_AT = 0u;
const WEIGHT4_AT = 0u;
const DINP_AT = 0u;

@group(0) @binding(0) var<storage, read> dout: array<f32>; // (N, OH, OW, K)
@group(0) @binding(1) var<storage, read> weight4: array<vec4f>; // (KH, KW, C, K), K a multiple of 4
@group(0) @binding(2) var<storage, read_write> dinp: array<f32>; // (N, H, W, C)

// Filters k to k + 3 of channel c.
fn load_weight(kernel: u32, c: u32, k: u32) -> vec4f {
  return weight4[(WEIGHT4_AT + (kernel * CHANNELS + min(c, CHANNELS - 1u)) * FILTERS + k) / 4u];
}

// Adds `steps` filters from k on, at most LANES, of one tap: `at` says where each pixel's lie, or -1.
fn add_filters(r: ptr<function, array<vec4f, 8>>, at: array<i32, 8>, kernel: u32, c: u32, k: u32, steps: u32, lane: u32) {
  var x: array<f32, 8>;
  for (var i = 0u; i < 8u; i++) {
    x[i] = select(0f, dout[DOUT_AT + u32(max(at[i], 0)) + min(k + lane, FILTERS - 1u)], at[i] >= 0);
  }
  for (var four = 0u; four < steps; four += 4u) {
    let w0 = load_weight(kernel, c, k + four);
    let w1 = load_weight(kernel, c + 1u, k + four);
    let w2 = load_weight(kernel, c + 2u, k + four);
    let w3 = load_weight(kernel, c + 3u, k + four);
    for (var step = 0u; step < 4u; step++) {
      let w = vec4f(w0[step], w1[step], w2[step], w3[step]);
      for (var i = 0u; i < 8u; i++) { (*r)[i] += subgroupShuffle(x[i], four + step) * w; }
    }
  }
}

@compute @workgroup_size(LANES)
fn tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let phase = phase_of(group.z);
  let tile = group.y * groups.x + group.x;
  let c = (tile % TILES_N) * 4u * LANES + 4u * lane;
  let m = (tile / TILES_N) * 8u;
  let pixels = BATCH * phase.count.x * phase.count.y;
  if (m >= pixels) { return; }
  var r = array<vec4f, 8>();
  for (var i = 0u; phase.tap.y + i * STRIDE_H < KERNEL_H; i++) {
    for (var j = 0u; phase.tap.x + j * STRIDE_W < KERNEL_W; j++) {
      var at: array<i32, 8>;
      var seen = -1; // whether any of the pixels has this tap inside the output
      for (var p = 0u; p < 8u; p++) {
        at[p] = tap(meets(m + p, phase), i, j);
        seen = max(seen, at[p]);
      }
      if (seen < 0) { continue; }
      let kernel = (phase.tap.y + i * STRIDE_H) * KERNEL_W + phase.tap.x + j * STRIDE_W;
      for (var k = 0u; k + LANES <= FILTERS; k += LANES) { add_filters(&r, at, kernel, c, k, LANES, lane); }
      if (FILTERS % LANES != 0u) {
        add_filters(&r, at, kernel, c, FILTERS - FILTERS % LANES, FILTERS % LANES, lane);
      }
    }
  }
  for (var i = 0u; i < 8u; i++) {
    if (m + i >= pixels) { break; }
    let at = index_of(m + i, phase) * CHANNELS + c;
    let four = finish4(r[i], at, c);
    // Not from 0, which unrolls: stores are most of what compilers work on.
    for (var j = u32(c >= CHANNELS); j < 4u; j++) {
      if (c + j < CHANNELS) { dinp[DINP_AT + at + j] = four[j]; }
    }
  }
}
// appended: lib/phases.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/numbers.wgsl
