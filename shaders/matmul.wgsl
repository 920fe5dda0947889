// matmul: out[b, m, n] = Σ_k a[b, m, k] · w[b, k, n], each operand read through strides, so that one
// shader serves plain, transposed and broadcast operands and both gradients. b stands for any axes.

const BATCH = 1u;
const M = 8u;
const N = 8u;
const K = 8u;
// Extents of the batch axes, outermost first, and the strides of a's and w's matrices; 0 broadcasts.
const BATCHES = array<u32, 6>(1u, 1u, 1u, 1u, 1u, 1u);
const A_BATCHES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 64u);
const W_BATCHES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 64u);
const A_ROW = 8u;
const A_COLUMN = 1u;
const W_ROW = 8u;
const W_COLUMN = 1u;
const TILES_N = (N + 7u) / 8u;
const W_BY_FOUR = true; // w's columns are contiguous and aligned: load four at once

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> w4: array<vec4f>; // the same array as w
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// Columns past N repeat the last one; they are computed and not stored.
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

fn store(batch: u32, m: u32, n: u32, row: mat2x4f) {
  if (m >= M) { return; }
  let at = (batch * M + m) * N;
  // Not from 0, which unrolls: the stores are most of what lavapipe's compiler works on.
  for (var i = u32(n >= N); i < 4u; i++) {
    if (n + i < N) { out[OUT_AT + at + n + i] = row[0][i]; }
    if (n + 4u + i < N) { out[OUT_AT + at + n + 4u + i] = row[1][i]; }
  }
}

// An 8×8 tile an invocation, in registers: a row of the tile is a mat2x4f, two vectors of four.
@compute @workgroup_size(64)
fn tiled(invocation: Invocation) {
  let tile = flat_index(invocation);
  let n = (tile % TILES_N) * 8u;
  let m = (tile / TILES_N) * 8u;
  if (m >= M) { return; }
  let batch = invocation.group.z;
  let start = batch_offsets(batch);
  let a_at = start.x;
  let p0 = a_at + m * A_ROW;
  let p1 = a_at + min(m + 1u, M - 1u) * A_ROW;
  let p2 = a_at + min(m + 2u, M - 1u) * A_ROW;
  let p3 = a_at + min(m + 3u, M - 1u) * A_ROW;
  let p4 = a_at + min(m + 4u, M - 1u) * A_ROW;
  let p5 = a_at + min(m + 5u, M - 1u) * A_ROW;
  let p6 = a_at + min(m + 6u, M - 1u) * A_ROW;
  let p7 = a_at + min(m + 7u, M - 1u) * A_ROW;
  var r0 = mat2x4f();
  var r1 = mat2x4f();
  var r2 = mat2x4f();
  var r3 = mat2x4f();
  var r4 = mat2x4f();
  var r5 = mat2x4f();
  var r6 = mat2x4f();
  var r7 = mat2x4f();
  for (var k = 0u; k < K; k++) {
    let at = start.y + k * W_ROW;
    let b = mat2x4f(load_w(at, n), load_w(at, n + 4u));
    let step = k * A_COLUMN;
    r0 += a[A_AT + p0 + step] * b;
    r1 += a[A_AT + p1 + step] * b;
    r2 += a[A_AT + p2 + step] * b;
    r3 += a[A_AT + p3 + step] * b;
    r4 += a[A_AT + p4 + step] * b;
    r5 += a[A_AT + p5 + step] * b;
    r6 += a[A_AT + p6 + step] * b;
    r7 += a[A_AT + p7 + step] * b;
  }
  store(batch, m, n, r0);
  store(batch, m + 1u, n, r1);
  store(batch, m + 2u, n, r2);
  store(batch, m + 3u, n, r3);
  store(batch, m + 4u, n, r4);
  store(batch, m + 5u, n, r5);
  store(batch, m + 6u, n, r6);
  store(batch, m + 7u, n, r7);
}

// One output an invocation: for matrices too thin for a tile, and the tile's oracle.
@compute @workgroup_size(64)
fn direct(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= BATCH * M * N) { return; }
  let n = i % N;
  let m = (i / N) % M;
  let start = batch_offsets(i / (M * N));
  // A zero that compilers can't see through, so that the loop stays one: unrolled, lavapipe compiles it
  // for seconds.
  let zero = u32(i >= BATCH * M * N);
  var sum = 0f;
  for (var k = zero; k < K; k++) {
    sum += a[A_AT + start.x + m * A_ROW + k * A_COLUMN] * w[W_AT + start.y + k * W_ROW + n * W_COLUMN];
  }
  out[OUT_AT + i] = sum;
}
// appended: lib/invocation.wgsl
// appended: lib/batches.wgsl
