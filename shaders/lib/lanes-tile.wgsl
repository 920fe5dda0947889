// lanes-tile: a tile of a matrix product that a team of lanes computes: 4·FOURS_OF_ROWS rows by 4·TEAM columns, or by
// 8·TEAM if it is WIDE. Every lane keeps four columns of all rows, or twice four. It loads its own columns' operand;
// the rows' operand is loaded by one lane per row, and the lanes exchange it. So a load, which costs a software adapter
// dozens of multiply-adds, serves 64 to 256 of them, and each sum is updated once every four steps.
//
// The shader defines `store(m, n, four)`, which stores columns n … n + 3 of row m as far as they are inside the result.

const LANES = 8u; // per subgroup, and so per workgroup: 4 or a multiple of 8
const TEAM = 8u; // lanes that share a tile: all, or 4, so that a subgroup computes several tiles, one below the other
const FOURS_OF_ROWS = 8u; // 4 or 8; in a team of four also 2
const WIDE = false;

const SHARERS = min(TEAM, 8u); // lanes that load rows; further lanes load the same rows again
const TILE_ROWS = 4u * FOURS_OF_ROWS;
const OWN_ROWS = TILE_ROWS / SHARERS; // rows that each lane loads
const FOUR_SHARERS = min(SHARERS, FOURS_OF_ROWS); // lanes that load rows, if each loads four at a time
const TILE_COLUMNS = select(4u, 8u, WIDE) * TEAM;
const ALL_ROWS = TILE_ROWS * (LANES / TEAM); // of the subgroup's tiles

// Each matrix holds the lane's columns of four rows, one row per column of the matrix. They aren't an array, because
// SwiftShader takes ten times as long with arrays.
struct Tile {
  r0: mat4x4f,
  r1: mat4x4f,
  r2: mat4x4f,
  r3: mat4x4f,
  r4: mat4x4f,
  r5: mat4x4f,
  r6: mat4x4f,
  r7: mat4x4f,
}

// Four steps of a lane's own rows: the first of each SHARERS rows, the second and so on. Each vector is one row.
struct Rows {
  x0: vec4f,
  x1: vec4f,
  x2: vec4f,
  x3: vec4f,
  x4: vec4f,
  x5: vec4f,
  x6: vec4f,
  x7: vec4f,
}

// Four steps of all lanes' rows. Each matrix holds four rows, one per column.
struct Fours {
  x0: mat4x4f,
  x1: mat4x4f,
  x2: mat4x4f,
  x3: mat4x4f,
  x4: mat4x4f,
  x5: mat4x4f,
  x6: mat4x4f,
  x7: mat4x4f,
}

// The vectors of the first four lanes, and below those of the next four.
fn low(x: vec4f) -> mat4x4f {
  return mat4x4f(subgroupBroadcast(x, 0u), subgroupBroadcast(x, 1u), subgroupBroadcast(x, 2u), subgroupBroadcast(x, 3u));
}

fn high(x: vec4f) -> mat4x4f {
  return mat4x4f(subgroupBroadcast(x, 4u), subgroupBroadcast(x, 5u), subgroupBroadcast(x, 6u), subgroupBroadcast(x, 7u));
}

// The vectors of four lanes, the lane's own first: column k is of lane `lane ^ k`. A swap is one instruction in
// SwiftShader, where a broadcast is a dozen.
fn swapped(x: vec4f) -> mat4x4f {
  return mat4x4f(x, quadSwapX(x), quadSwapY(x), quadSwapDiagonal(x));
}

// What all lanes loaded, if each loaded one row at a time.
fn exchange(x: Rows) -> Fours {
  var all = Fours();
  if (TEAM == 4u) {
    all.x0 = swapped(x.x0);
    all.x1 = swapped(x.x1);
    if (FOURS_OF_ROWS > 2u) {
      all.x2 = swapped(x.x2);
      all.x3 = swapped(x.x3);
    }
    if (FOURS_OF_ROWS > 4u) {
      all.x4 = swapped(x.x4);
      all.x5 = swapped(x.x5);
      all.x6 = swapped(x.x6);
      all.x7 = swapped(x.x7);
    }
  } else {
    all.x0 = low(x.x0);
    all.x1 = high(x.x0);
    all.x2 = low(x.x1);
    all.x3 = high(x.x1);
    if (FOURS_OF_ROWS > 4u) {
      all.x4 = low(x.x2);
      all.x5 = high(x.x2);
      all.x6 = low(x.x3);
      all.x7 = high(x.x3);
    }
  }
  return all;
}

// Four rows of the tile at four steps, one row per column, from the rows at one step each.
fn turned(x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f) -> mat4x4f {
  return transpose(mat4x4f(x0, x1, x2, x3));
}

// What all lanes loaded, if each loaded four rows at a time: each column of x, and of y for the second half of the rows
// if there are only four lanes, is four rows at one step.
fn exchange_fours(x: mat4x4f, y: mat4x4f) -> Fours {
  var all = Fours();
  if (TEAM == 4u) {
    all.x0 = transpose(x);
    all.x1 = turned(quadSwapX(x[0]), quadSwapX(x[1]), quadSwapX(x[2]), quadSwapX(x[3]));
    if (FOURS_OF_ROWS > 2u) {
      all.x2 = turned(quadSwapY(x[0]), quadSwapY(x[1]), quadSwapY(x[2]), quadSwapY(x[3]));
      all.x3 = turned(quadSwapDiagonal(x[0]), quadSwapDiagonal(x[1]), quadSwapDiagonal(x[2]), quadSwapDiagonal(x[3]));
    }
    if (FOURS_OF_ROWS > 4u) {
      all.x4 = transpose(y);
      all.x5 = turned(quadSwapX(y[0]), quadSwapX(y[1]), quadSwapX(y[2]), quadSwapX(y[3]));
      all.x6 = turned(quadSwapY(y[0]), quadSwapY(y[1]), quadSwapY(y[2]), quadSwapY(y[3]));
      all.x7 = turned(quadSwapDiagonal(y[0]), quadSwapDiagonal(y[1]), quadSwapDiagonal(y[2]), quadSwapDiagonal(y[3]));
    }
  } else {
    all.x0 = turned(subgroupBroadcast(x[0], 0u), subgroupBroadcast(x[1], 0u), subgroupBroadcast(x[2], 0u), subgroupBroadcast(x[3], 0u));
    all.x1 = turned(subgroupBroadcast(x[0], 1u), subgroupBroadcast(x[1], 1u), subgroupBroadcast(x[2], 1u), subgroupBroadcast(x[3], 1u));
    all.x2 = turned(subgroupBroadcast(x[0], 2u), subgroupBroadcast(x[1], 2u), subgroupBroadcast(x[2], 2u), subgroupBroadcast(x[3], 2u));
    all.x3 = turned(subgroupBroadcast(x[0], 3u), subgroupBroadcast(x[1], 3u), subgroupBroadcast(x[2], 3u), subgroupBroadcast(x[3], 3u));
    if (FOURS_OF_ROWS > 4u) {
      all.x4 = turned(subgroupBroadcast(x[0], 4u), subgroupBroadcast(x[1], 4u), subgroupBroadcast(x[2], 4u), subgroupBroadcast(x[3], 4u));
      all.x5 = turned(subgroupBroadcast(x[0], 5u), subgroupBroadcast(x[1], 5u), subgroupBroadcast(x[2], 5u), subgroupBroadcast(x[3], 5u));
      all.x6 = turned(subgroupBroadcast(x[0], 6u), subgroupBroadcast(x[1], 6u), subgroupBroadcast(x[2], 6u), subgroupBroadcast(x[3], 6u));
      all.x7 = turned(subgroupBroadcast(x[0], 7u), subgroupBroadcast(x[1], 7u), subgroupBroadcast(x[2], 7u), subgroupBroadcast(x[3], 7u));
    }
  }
  return all;
}

fn add_product(r: ptr<function, mat4x4f>, w: mat4x4f, x: mat4x4f) {
  (*r)[0] += w * x[0];
  (*r)[1] += w * x[1];
  (*r)[2] += w * x[2];
  (*r)[3] += w * x[3];
}

// Adds four steps of the sum to four columns of all rows. Each column of w is one step.
fn add_four_steps(t: ptr<function, Tile>, w: mat4x4f, x: Fours) {
  add_product(&(*t).r0, w, x.x0);
  add_product(&(*t).r1, w, x.x1);
  if (FOURS_OF_ROWS > 2u) {
    add_product(&(*t).r2, w, x.x2);
    add_product(&(*t).r3, w, x.x3);
  }
  if (FOURS_OF_ROWS > 4u) {
    add_product(&(*t).r4, w, x.x4);
    add_product(&(*t).r5, w, x.x5);
    add_product(&(*t).r6, w, x.x6);
    add_product(&(*t).r7, w, x.x7);
  }
}

// Adds four steps of the sum to the lane's first columns, t, and if the tile is wide, to its last ones, u.
fn add_steps(t: ptr<function, Tile>, u: ptr<function, Tile>, w: mat4x4f, v: mat4x4f, x: Fours) {
  add_four_steps(t, w, x);
  if (WIDE) { add_four_steps(u, v, x); }
}

// One of four rows.
fn row_of(rows: mat4x4f, row: u32) -> vec4f {
  let left = select(rows[1], rows[0], row == 0u);
  let right = select(rows[3], rows[2], row == 2u);
  return select(right, left, row < 2u);
}

// Stores up to four rows of the tile, in slots `slot` to `slot + 3`.
fn store_four(rows: mat4x4f, slot: u32, m: u32, n: u32, end: u32, turn: u32) {
  // Starting at a literal 0, the loop would be unrolled, and stores are most of the compilers' work.
  for (var i = u32(m >= end); i < 4u; i++) {
    let row = m + ((slot + i) ^ turn);
    if (row < end) { store(row, n, row_of(rows, i)); }
  }
}

// Stores the tile's rows from m on, up to row `end`; the lane's columns start at n. `by_fours` says that lanes loaded
// four rows at a time. If lanes swapped their rows, each keeps them in its own order.
fn store_rows(t: ptr<function, Tile>, m: u32, n: u32, end: u32, lane: u32, by_fours: bool) {
  var turn = 0u;
  if (TEAM == 4u) { turn = select(lane % TEAM, 4u * (lane % FOUR_SHARERS), by_fours); }
  for (var four = u32(m >= end); four < FOURS_OF_ROWS; four++) {
    if (TEAM > 4u && m + 4u * four >= end) { break; }
    var rows = (*t).r0;
    if (four == 1u) { rows = (*t).r1; }
    if (FOURS_OF_ROWS > 2u) {
      if (four == 2u) { rows = (*t).r2; }
      if (four == 3u) { rows = (*t).r3; }
    }
    if (FOURS_OF_ROWS > 4u) {
      if (four == 4u) { rows = (*t).r4; }
      if (four == 5u) { rows = (*t).r5; }
      if (four == 6u) { rows = (*t).r6; }
      if (four == 7u) { rows = (*t).r7; }
    }
    store_four(rows, 4u * four, m, n, end, turn);
  }
}

fn store_tile(t: ptr<function, Tile>, u: ptr<function, Tile>, m: u32, n: u32, end: u32, lane: u32, by_fours: bool) {
  store_rows(t, m, n, end, lane, by_fours);
  if (WIDE) { store_rows(u, m, n + 4u * TEAM, end, lane, by_fours); }
}
