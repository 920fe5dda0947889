// matmul through workgroup memory, for GPUs: out[b, m, n] = Σ_k a[b, m, k] · w[b, k, n]. b stands for any axes, and
// each operand is read through strides. Each workgroup computes a tile (lib/workgroup-tile.wgsl).

const BATCH = 1u;
const M = 8u;
const N = 8u;
const K = 8u;
// The extents of the batch axes, outermost first, and the strides of a's and w's matrices; a stride of 0 broadcasts.
const BATCHES = array<u32, 6>(1u, 1u, 1u, 1u, 1u, 1u);
const A_BATCHES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 64u);
const W_BATCHES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 64u);
const A_ROW = 8u;
const A_COLUMN = 1u;
const W_ROW = 8u;
const W_COLUMN = 1u;
const A_BY_FOUR = true; // a's elements can be read as vec4s along its contiguous axis
const W_BY_FOUR = true;

const TILES_N = (N + TILE - 1u) / TILE;
const LEFT_ALONG = A_COLUMN == 1u;
const RIGHT_ALONG = W_ROW == 1u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> a4: array<vec4f>; // the same array as a
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> w4: array<vec4f>; // the same array as w
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<private> batch: u32;
var<private> start: vec2u; // where the batch's matrices start in a and in w

fn a_one(m: u32, k: u32) -> f32 {
  let inside = (m < M) & (k < K);
  let at = select(0u, start.x + m * A_ROW + k * A_COLUMN, inside);
  return select(0f, a[A_AT + at], inside);
}

fn a_four(m: u32, k: u32) -> vec4f {
  let inside = (m < M) & (k < K);
  let at = select(0u, start.x + m * A_ROW + k * A_COLUMN, inside);
  return select(vec4f(), a4[(A4_AT + at) / 4u], inside);
}

fn a_step(m: u32, k: u32) -> vec4f {
  if (A_BY_FOUR) { return a_four(m, k); }
  return vec4f(a_one(m, k), a_one(m + 1u, k), a_one(m + 2u, k), a_one(m + 3u, k));
}

fn left_block(m: u32, k: u32) -> mat4x4f {
  if (A_BY_FOUR && LEFT_ALONG) {
    return transpose(mat4x4f(a_four(m, k), a_four(m + 1u, k), a_four(m + 2u, k), a_four(m + 3u, k)));
  }
  return mat4x4f(a_step(m, k), a_step(m, k + 1u), a_step(m, k + 2u), a_step(m, k + 3u));
}

fn w_one(n: u32, k: u32) -> f32 {
  let inside = (n < N) & (k < K);
  let at = select(0u, start.y + k * W_ROW + n * W_COLUMN, inside);
  return select(0f, w[W_AT + at], inside);
}

fn w_four(n: u32, k: u32) -> vec4f {
  let inside = (n < N) & (k < K);
  let at = select(0u, start.y + k * W_ROW + n * W_COLUMN, inside);
  return select(vec4f(), w4[(W4_AT + at) / 4u], inside);
}

fn w_step(n: u32, k: u32) -> vec4f {
  if (W_BY_FOUR) { return w_four(n, k); }
  return vec4f(w_one(n, k), w_one(n + 1u, k), w_one(n + 2u, k), w_one(n + 3u, k));
}

fn right_block(n: u32, k: u32) -> mat4x4f {
  if (W_BY_FOUR && RIGHT_ALONG) {
    return transpose(mat4x4f(w_four(n, k), w_four(n + 1u, k), w_four(n + 2u, k), w_four(n + 3u, k)));
  }
  return mat4x4f(w_step(n, k), w_step(n, k + 1u), w_step(n, k + 2u), w_step(n, k + 3u));
}

fn store(m: u32, n: u32, four: vec4f) {
  if (m >= M) { return; }
  for (var j = 0u; j < 4u && n + j < N; j++) { out[OUT_AT + (batch * M + m) * N + n + j] = four[j]; }
}

// One tile per workgroup. Workgroups past the last tile load zeros and store nothing.
fn work_of(group: Workgroup) -> Work {
  let tile = workgroup_index(group);
  batch = group.id.z;
  start = batch_offsets(group.id.z);
  return Work(tile / TILES_N * TILE, tile % TILES_N * TILE, 0u, K);
}
// appended: lib/invocation.wgsl
// appended: lib/batches.wgsl
// appended: lib/workgroup-tile.wgsl
