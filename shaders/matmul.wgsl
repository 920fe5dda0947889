// matmul: out[b, m, n] = Σ_k a[b, m, k] · w[b, k, n]. b stands for any axes. Each operand is read through strides, so
// that one shader serves plain, transposed and broadcast operands and both gradients.

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
const TILES_N = (N + 7u) / 8u;
// Of `split`: the strides of the output, and the runs of CHUNK terms that its sums are cut into.
const OUT_ROW = 8u;
const OUT_COLUMN = 1u;
const SPLITS = 1u;
const CHUNK = 8u;
const W_BY_FOUR = true; // w's columns are contiguous and aligned, so four are loaded as a vec4

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> w4: array<vec4f>; // the same array as w
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

var<private> batch: u32;

// Columns past N repeat the last one; they are computed but not stored.
fn load_w(at: u32, n: u32) -> vec4f {
  if (W_BY_FOUR) {
    return w4[(W4_AT + at + min(n, N - 4u)) / 4u];
  }
  return vec4f(
    w[W_AT + at + min(n, N - 1u) * W_COLUMN],
    w[W_AT + at + min(n + 1u, N - 1u) * W_COLUMN],
    w[W_AT + at + min(n + 2u, N - 1u) * W_COLUMN],
    w[W_AT + at + min(n + 3u, N - 1u) * W_COLUMN],
  );
}

fn store(m: u32, n: u32, four: vec4f) {
  if (m >= M) { return; }
  for (var j = 0u; j < 4u && n + j < N; j++) { out[OUT_AT + (batch * M + m) * N + n + j] = four[j]; }
}

// An 8×8 tile per invocation, in registers (lib/register-tile.wgsl).
@compute @workgroup_size(64)
fn tiled(invocation: Invocation) {
  let tile = flat_index(invocation);
  let n = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  if (m >= M) { return; }
  batch = invocation.group.z;
  let start = batch_offsets(batch);
  let top = start.x + min(m + vec4u(0u, 1u, 2u, 3u), vec4u(M - 1u)) * A_ROW;
  let bottom = start.x + min(m + vec4u(4u, 5u, 6u, 7u), vec4u(M - 1u)) * A_ROW;
  var rows = Rows();
  for (var k = 0u; k < K; k++) {
    let at = start.y + k * W_ROW;
    let b = mat2x4f(load_w(at, n), load_w(at, n + 4u));
    let x = A_AT + k * A_COLUMN + top;
    let y = A_AT + k * A_COLUMN + bottom;
    // Each value is used as it is loaded: gathered into a vector first, SwiftShader takes a tenth longer.
    rows.r0 += a[x.x] * b; rows.r1 += a[x.y] * b; rows.r2 += a[x.z] * b; rows.r3 += a[x.w] * b;
    rows.r4 += a[y.x] * b; rows.r5 += a[y.y] * b; rows.r6 += a[y.z] * b; rows.r7 += a[y.w] * b;
  }
  store_tile(&rows, m, n, u32(m >= M));
}

// One output per invocation, for matrices too thin for a tile, and as the tile's oracle.
@compute @workgroup_size(64)
fn direct(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= BATCH * M * N) { return; }
  let n = i % N;
  let m = (i / N) % M;
  let start = batch_offsets(i / (M * N));
  // A zero that compilers can't see through, so that the loop isn't unrolled: lavapipe takes seconds to compile the
  // unrolled loop.
  let zero = u32(i >= BATCH * M * N);
  var sum = 0f;
  for (var k = zero; k < K; k++) {
    sum += a[A_AT + start.x + m * A_ROW + k * A_COLUMN] * w[W_AT + start.y + k * W_ROW + n * W_COLUMN];
  }
  out[OUT_AT + i] = sum;
}
// The row of w at a term, which has at most four columns.
fn thin_row(at: u32) -> vec4f {
  var four = vec4f(w[at]);
  if (N > 1u) { four.y = w[at + W_COLUMN]; }
  if (N > 2u) { four.z = w[at + 2u * W_COLUMN]; }
  if (N > 3u) { four.w = w[at + 3u * W_COLUMN]; }
  return four;
}

// SPREAD rows per workgroup, for GPUs, if columns are at most four and outputs are few. SPREAD is 1 if a row of a is
// contiguous: neighbouring lanes then read neighbouring terms, else neighbouring rows. If rows are few too, a sum is cut
// into runs, and a second pass adds their results. For few rows and many columns, the launcher swaps a and w.
@compute @workgroup_size(256)
fn split(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let blocks = (M + SPREAD - 1u) / SPREAD;
  let m = workgroup_index(group) % blocks * SPREAD + lane % SPREAD;
  let run = workgroup_index(group) / blocks;
  let start = batch_offsets(group.id.z);
  let row = A_AT + start.x + min(m, M - 1u) * A_ROW;
  let thin = W_AT + start.y;
  let end = min(K, (run + 1u) * CHUNK);
  var sums = vec4f();
  var k = run * CHUNK + lane / SPREAD;
  // Four terms at a time: their loads don't wait for one another.
  for (; k + 3u * PARTS < end; k += 4u * PARTS) {
    let k1 = k + PARTS;
    let k2 = k1 + PARTS;
    let k3 = k2 + PARTS;
    sums += (a[row + k * A_COLUMN] * thin_row(thin + k * W_ROW) + a[row + k1 * A_COLUMN] * thin_row(thin + k1 * W_ROW))
      + (a[row + k2 * A_COLUMN] * thin_row(thin + k2 * W_ROW) + a[row + k3 * A_COLUMN] * thin_row(thin + k3 * W_ROW));
  }
  for (; k < end; k += PARTS) { sums += a[row + k * A_COLUMN] * thin_row(thin + k * W_ROW); }
  let total = sum_of_parts(lane, sums);
  if (lane >= SPREAD || m >= M || run >= SPLITS) { return; }
  let to = OUT_AT + (run * BATCH + group.id.z) * M * N + m * OUT_ROW;
  for (var n = 0u; n < N; n++) { out[to + n * OUT_COLUMN] = total[n]; }
}
// appended: lib/invocation.wgsl
// appended: lib/parts.wgsl
// appended: lib/register-tile.wgsl
// appended: lib/batches.wgsl
