// matmul with loads shared by lanes, for adapters where a load costs dozens of multiply-adds. It computes the same as
// matmul.wgsl with a tile (lib/lanes-tile.wgsl). All lanes multiply by what one lane loads of a: four steps of its own
// rows, or four rows at one step if those are adjacent in memory.
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
const W_ROW = 32u; // one of W_ROW and W_COLUMN is 1, and the other is a multiple of 4
const W_COLUMN = 1u;
const A_BY_FOUR = true; // the same holds for a's strides, and the array is aligned
const OUT_BY_FOUR = true; // N is a multiple of 4, and the array is aligned

const ROWS_BY_FOUR = A_BY_FOUR & (A_COLUMN != 1u); // rows are adjacent in memory

const TILES_N = (N + TILE_COLUMNS - 1u) / TILE_COLUMNS;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> a4: array<vec4f>; // the same array
@group(0) @binding(2) var<storage, read> w4: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // unless OUT_BY_FOUR
@group(0) @binding(4) var<storage, read_write> out4: array<vec4f>; // if OUT_BY_FOUR

// Steps past the last are zeros on both sides, because what is read there may be infinite.
fn in_range(k: u32) -> bool {
  return (K % 4u == 0u) | (k < K);
}

// Steps k to k + 3 of a row. Rows past the last repeat it; they aren't stored.
fn load_row(start: u32, row: u32, k: u32) -> vec4f {
  let at = start + min(row, M - 1u) * A_ROW + k;
  if (A_BY_FOUR) { return a4[(A4_AT + at) >> 2u]; }
  return vec4f(load_one(start, row, k), load_one(start, row, k + 1u), load_one(start, row, k + 2u), load_one(start, row, k + 3u));
}

fn load_one(start: u32, row: u32, k: u32) -> f32 {
  return select(0f, a[A_AT + start + min(row, M - 1u) * A_ROW + min(k, K - 1u) * A_COLUMN], in_range(k));
}

// Rows m to m + 3 at step k.
fn load_rows(start: u32, m: u32, k: u32) -> vec4f {
  return select(vec4f(), a4[(A4_AT + start + min(m, max(M, 4u) - 4u) + min(k, K - 1u) * A_COLUMN) >> 2u], in_range(k));
}

// Columns n to n + 3 at step k.
fn load_step(start: u32, k: u32, n: u32) -> vec4f {
  return select(vec4f(), w4[(W4_AT + start + min(k, K - 1u) * W_ROW + min(n, max(N, 4u) - 4u)) >> 2u], in_range(k));
}

// Steps k to k + 3 of column n.
fn load_column(start: u32, k: u32, n: u32) -> vec4f {
  return w4[(W4_AT + start + k + min(n, N - 1u) * W_COLUMN) >> 2u];
}

// Columns n to n + 3 at four steps, one step per column.
fn load_w(start: u32, k: u32, n: u32) -> mat4x4f {
  if (W_COLUMN == 1u) {
    return mat4x4f(load_step(start, k, n), load_step(start, k + 1u, n), load_step(start, k + 2u, n), load_step(start, k + 3u, n));
  }
  return transpose(mat4x4f(
    load_column(start, k, n), load_column(start, k, n + 1u), load_column(start, k, n + 2u), load_column(start, k, n + 3u),
  ));
}

var<private> batch: u32;

fn store(m: u32, n: u32, four: vec4f) {
  let at = (batch * M + m) * N + n;
  if (OUT_BY_FOUR) {
    if (n < N) { out4[(OUT4_AT + at) >> 2u] = four; }
  } else {
    // Starting at a literal 0, the loop would be unrolled, and stores are most of the compilers' work.
    for (var j = u32(n >= N); j < 4u; j++) {
      if (n + j < N) { out[OUT_AT + at + j] = four[j]; }
    }
  }
}

// The lane's last columns, if the tile is wide.
fn load_last(start: u32, k: u32, n: u32) -> mat4x4f {
  if (WIDE) { return load_w(start, k, n + 4u * TEAM); }
  return mat4x4f();
}

fn load_own(start: u32, row: u32, k: u32) -> Rows {
  var x = Rows();
  x.x0 = load_row(start, row, k);
  x.x1 = load_row(start, row + SHARERS, k);
  if (OWN_ROWS > 2u) {
    x.x2 = load_row(start, row + 2u * SHARERS, k);
    x.x3 = load_row(start, row + 3u * SHARERS, k);
  }
  if (OWN_ROWS > 4u) {
    x.x4 = load_row(start, row + 4u * SHARERS, k);
    x.x5 = load_row(start, row + 5u * SHARERS, k);
    x.x6 = load_row(start, row + 6u * SHARERS, k);
    x.x7 = load_row(start, row + 7u * SHARERS, k);
  }
  return x;
}

// Rows m to m + 3 at four steps, one step per column.
fn load_fours(start: u32, m: u32, k: u32) -> mat4x4f {
  return mat4x4f(load_rows(start, m, k), load_rows(start, m, k + 1u), load_rows(start, m, k + 2u), load_rows(start, m, k + 3u));
}

// The tile's last rows, if there are so many that each lane loads eight.
fn load_last_fours(start: u32, m: u32, k: u32) -> mat4x4f {
  if (TEAM == 4u && FOURS_OF_ROWS > 4u) { return load_fours(start, m + 4u * SHARERS, k); }
  return mat4x4f();
}

@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = workgroup_index(group);
  let n = (tile % TILES_N) * TILE_COLUMNS + 4u * (lane % TEAM);
  let m = (tile / TILES_N) * ALL_ROWS;
  if (m >= M) { return; }
  batch = group.id.z;
  let start = batch_offsets(batch);
  let top = m + lane / TEAM * TILE_ROWS; // of the team's tile
  let own = top + lane % SHARERS;
  let fours = top + 4u * (lane % FOUR_SHARERS);
  var t = Tile();
  var u = Tile();
  for (var k = 0u; k < K; k += 4u) {
    let w = load_w(start.y, k, n);
    let v = load_last(start.y, k, n);
    if (ROWS_BY_FOUR) {
      add_steps(&t, &u, w, v, exchange_fours(load_fours(start.x, fours, k), load_last_fours(start.x, fours, k)));
    } else {
      add_steps(&t, &u, w, v, exchange(load_own(start.x, own, k)));
    }
  }
  store_tile(&t, &u, top, n, M, lane, ROWS_BY_FOUR);
}
// appended: lib/invocation.wgsl
// appended: lib/lanes-tile.wgsl
// appended: lib/batches.wgsl
