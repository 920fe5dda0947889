// lanes-tile: a tile of a matrix product that a subgroup computes: GROUPS_OF_ROWS groups of SHARERS rows by 4·LANES
// columns. Every lane keeps four columns of all rows. It loads its own columns' operand; the rows' operand is loaded by
// one lane per row, and broadcast. So a load, which costs a software adapter dozens of multiply-adds, serves 128 of
// them, and each sum is updated once every four steps.
//
// The shader defines `store(m, n, four)`, which stores columns n … n + 3 of row m as far as they are inside the result.

const LANES = 8u; // per subgroup, and so per workgroup
const GROUPS_OF_ROWS = 4u; // 2 or 4

const SHARERS = min(LANES, 8u); // lanes that load rows; further lanes load the same rows again
const TILE_ROWS = GROUPS_OF_ROWS * SHARERS;
const TILE_COLUMNS = 4u * LANES;

// Each matrix holds the lane's elements of four rows, one row per column. For each group of rows, `low` is of its first
// four rows and `high` is of its last four, if it has that many.
struct Tile {
  low0: mat4x4f,
  high0: mat4x4f,
  low1: mat4x4f,
  high1: mat4x4f,
  low2: mat4x4f,
  high2: mat4x4f,
  low3: mat4x4f,
  high3: mat4x4f,
}

// The values of the first four lanes, and below those of the next four.
fn low(x: vec4f) -> mat4x4f {
  return mat4x4f(subgroupBroadcast(x, 0u), subgroupBroadcast(x, 1u), subgroupBroadcast(x, 2u), subgroupBroadcast(x, 3u));
}

fn high(x: vec4f) -> mat4x4f {
  return mat4x4f(subgroupBroadcast(x, 4u), subgroupBroadcast(x, 5u), subgroupBroadcast(x, 6u), subgroupBroadcast(x, 7u));
}

// Adds four steps of the sum. x0 to x3 are one row of each group at these steps; each column of w is one step.
fn add_steps(t: ptr<function, Tile>, w: mat4x4f, x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f) {
  (*t).low0 += w * low(x0);
  (*t).low1 += w * low(x1);
  if (SHARERS > 4u) {
    (*t).high0 += w * high(x0);
    (*t).high1 += w * high(x1);
  }
  if (GROUPS_OF_ROWS > 2u) {
    (*t).low2 += w * low(x2);
    (*t).low3 += w * low(x3);
    if (SHARERS > 4u) {
      (*t).high2 += w * high(x2);
      (*t).high3 += w * high(x3);
    }
  }
}

// Four rows of the tile at four steps, one row per column.
fn turned(x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f) -> mat4x4f {
  return transpose(mat4x4f(x0, x1, x2, x3));
}

// Like add_steps, but lanes load four rows at a time: x0 to x3 are a lane's four rows at one step each. Needs 4 groups.
fn add_steps_by_fours(t: ptr<function, Tile>, w: mat4x4f, x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f) {
  (*t).low0 += w * turned(subgroupBroadcast(x0, 0u), subgroupBroadcast(x1, 0u), subgroupBroadcast(x2, 0u), subgroupBroadcast(x3, 0u));
  let r1 = w * turned(subgroupBroadcast(x0, 1u), subgroupBroadcast(x1, 1u), subgroupBroadcast(x2, 1u), subgroupBroadcast(x3, 1u));
  let r2 = w * turned(subgroupBroadcast(x0, 2u), subgroupBroadcast(x1, 2u), subgroupBroadcast(x2, 2u), subgroupBroadcast(x3, 2u));
  let r3 = w * turned(subgroupBroadcast(x0, 3u), subgroupBroadcast(x1, 3u), subgroupBroadcast(x2, 3u), subgroupBroadcast(x3, 3u));
  if (SHARERS == 4u) {
    (*t).low1 += r1;
    (*t).low2 += r2;
    (*t).low3 += r3;
    return;
  }
  (*t).high0 += r1;
  (*t).low1 += r2;
  (*t).high1 += r3;
  (*t).low2 += w * turned(subgroupBroadcast(x0, 4u), subgroupBroadcast(x1, 4u), subgroupBroadcast(x2, 4u), subgroupBroadcast(x3, 4u));
  (*t).high2 += w * turned(subgroupBroadcast(x0, 5u), subgroupBroadcast(x1, 5u), subgroupBroadcast(x2, 5u), subgroupBroadcast(x3, 5u));
  (*t).low3 += w * turned(subgroupBroadcast(x0, 6u), subgroupBroadcast(x1, 6u), subgroupBroadcast(x2, 6u), subgroupBroadcast(x3, 6u));
  (*t).high3 += w * turned(subgroupBroadcast(x0, 7u), subgroupBroadcast(x1, 7u), subgroupBroadcast(x2, 7u), subgroupBroadcast(x3, 7u));
}

// One of the tile's rows. They aren't an array, because SwiftShader takes ten times as long with arrays.
fn row_of(t: ptr<function, Tile>, row: u32) -> vec4f {
  var rows = (*t).low0;
  let group = row / SHARERS;
  let upper = row % SHARERS >= 4u;
  if (upper) { rows = (*t).high0; }
  if (group == 1u) { rows = (*t).low1; }
  if ((group == 1u) & upper) { rows = (*t).high1; }
  if (group == 2u) { rows = (*t).low2; }
  if ((group == 2u) & upper) { rows = (*t).high2; }
  if (group == 3u) { rows = (*t).low3; }
  if ((group == 3u) & upper) { rows = (*t).high3; }
  let left = select(rows[1], rows[0], row % 4u == 0u);
  let right = select(rows[3], rows[2], row % 4u == 2u);
  return select(right, left, row % 4u < 2u);
}

// Stores the tile's rows from m on, up to row `end`; the lane's columns start at n.
fn store_tile(t: ptr<function, Tile>, m: u32, n: u32, end: u32) {
  for (var row = 0u; row < TILE_ROWS; row++) {
    if (m + row >= end) { break; }
    store(m + row, n, row_of(t, row));
  }
}
