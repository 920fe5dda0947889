// matmul with loads shared by lanes: as matmul.wgsl, by a tile of 8 rows and 4·LANES columns a subgroup. What one lane
// loads of a, all lanes multiply by: lanes load neighbouring terms of the sum, and hand them round. Each
// lane keeps four columns of its own. For adapters where a load costs dozens of multiply-adds.
enable subgroups;

const BATCH = 1u; // workgroups in z
const M = 8u;
const N = 32u;
const K = 8u;
const BATCHES = array<u32, 6>(1u, 1u, 1u, 1u, 1u, 1u);
const A_BATCHES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 64u);
const W_BATCHES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 256u);
const A_ROW = 8u;
const A_COLUMN = 1u;
const W_ROW = 32u; // this stride or the next is 1; whichever isn't is a multiple of 4
const W_COLUMN = 1u;
const LANES = 8u; // of every subgroup, and so of every workgroup

const TILES_N = (N + 4u * LANES - 1u) / (4u * LANES);

// Where each array starts in its binding, in 32-bit words.
const A_AT = 0u;
const W4_AT = 0u;
const OUT_AT = 0u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> w4: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

// Elements k and columns n to n + 3 of w, or the other way round: elements k to k + 3 of column n.
fn load_w(start: u32, k: u32, n: u32) -> vec4f {
  return w4[(W4_AT + start + k * W_ROW + n * W_COLUMN) / 4u];
}

// Adds `steps` terms of the sum from k on, at most LANES; both are the same in all lanes.
fn add_terms(r: ptr<function, array<vec4f, 8>>, start: vec2u, m: u32, n: u32, k: u32, steps: u32, lane: u32) {
  var x: array<f32, 8>;
  for (var i = 0u; i < 8u; i++) {
    x[i] = a[A_AT + start.x + min(m + i, M - 1u) * A_ROW + min(k + lane, K - 1u) * A_COLUMN];
  }
  if (W_COLUMN == 1u) {
    for (var step = 0u; step < steps; step++) {
      let w = load_w(start.y, k + step, min(n, N - 4u));
      for (var i = 0u; i < 8u; i++) { (*r)[i] += subgroupShuffle(x[i], step) * w; }
    }
    return;
  }
  for (var four = 0u; four < steps; four += 4u) {
    let w0 = load_w(start.y, k + four, min(n, N - 1u));
    let w1 = load_w(start.y, k + four, min(n + 1u, N - 1u));
    let w2 = load_w(start.y, k + four, min(n + 2u, N - 1u));
    let w3 = load_w(start.y, k + four, min(n + 3u, N - 1u));
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
  let tile = group.y * groups.x + group.x;
  let n = (tile % TILES_N) * 4u * LANES + 4u * lane;
  let m = (tile / TILES_N) * 8u;
  if (m >= M) { return; }
  let start = batch_offsets(group.z);
  var r = array<vec4f, 8>();
  for (var k = 0u; k + LANES <= K; k += LANES) { add_terms(&r, start, m, n, k, LANES, lane); }
  if (K % LANES != 0u) { add_terms(&r, start, m, n, K - K % LANES, K % LANES, lane); }
  for (var i = 0u; i < 8u; i++) {
    if (m + i >= M) { break; }
    let at = (group.z * M + m + i) * N + n;
    // Not from 0, which unrolls: stores are most of what compilers work on.
    for (var j = u32(n >= N); j < 4u; j++) {
      if (n + j < N) { out[OUT_AT + at + j] = r[i][j]; }
    }
  }
}
// appended: lib/batches.wgsl
