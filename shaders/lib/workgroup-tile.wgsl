// workgroup-tile: a tile of a matrix product, computed by a workgroup, and the entry point that does so. Slices of both
// operands pass through workgroup memory. An invocation keeps 8×8, 8×4 or 4×4 elements of the tile in registers.
//
// The shader provides the operands. `left_block(m, k)` returns rows m … m + 3 and `right_block(n, k)` columns n … n + 3
// at steps k … k + 3 of the sum, one vec4 per step. Steps past the sum's end must be ZERO in both, because 0 · NaN is
// NaN. LEFT_ALONG and RIGHT_ALONG are true if neighbours in memory are steps. `store(m, n, four)` stores columns
// n … n + 3 of row m, as far as they lie inside the result. `work_of(group)` returns a workgroup's share of the work.

// The tile's shape. The launcher sets all of these; src/kernels/workgroup-tile.ts has the combinations that work.
const TILE = 64u; // rows and columns
const LANES = 64u; // invocations
const OWN_ROWS = 8u; // rows that an invocation computes, 4 or 8
const OWN_COLUMNS = 8u; // columns that it computes, 4 or 8
const SLICE = 16u; // steps of the sum that are in workgroup memory at the same time
const PAD = 2u; // unused slots after four steps
const SLOTS = 528u; // vec4s of workgroup memory
const UNROLL = true; // whether compilers may unroll the steps of a slice; software adapters take long to compile them

// Both slices as vec4s: FOURS per step for the rows, then the same for the columns.
const FOURS = TILE / 4u;
const FOUR_STEPS = 4u * FOURS + PAD;
const RIGHT = SLICE / 4u * FOUR_STEPS;
const_assert SLOTS == 2u * RIGHT;
var<workgroup> slices: array<vec4f, SLOTS>;

// A slice of an operand consists of 4×4 blocks. If there are twice as many lanes, half of them load a block of the rows
// and the others one of the columns, into registers while the slice before is multiplied. If there are as many lanes as
// blocks, each loads one of both, when the slice before is done: two blocks and 8×8 sums would take too many registers.
const BLOCKS = FOURS * (SLICE / 4u);
const BOTH = LANES == BLOCKS;
const_assert BOTH || LANES == 2u * BLOCKS;

// Lanes are dealt to blocks so that neighbouring lanes load neighbours in memory: a lane's four of the tile is
// lane / FOUR_EVERY % FOURS, and its four steps are lane / STEPS_EVERY % (SLICE / 4).
const LEFT_FOUR_EVERY = select(1u, SLICE / 4u, LEFT_ALONG);
const LEFT_STEPS_EVERY = select(FOURS, 1u, LEFT_ALONG);
const RIGHT_FOUR_EVERY = select(1u, SLICE / 4u, RIGHT_ALONG);
const RIGHT_STEPS_EVERY = select(FOURS, 1u, RIGHT_ALONG);

// An invocation with 8 rows has four of the tile's upper half and four of its lower half; columns likewise. With 4,
// the second four is the first once more, and is not used.
const LOW = select(0u, FOURS / 2u, OWN_ROWS == 8u);
const FAR = select(0u, FOURS / 2u, OWN_COLUMNS == 8u);
const WIDE = TILE / OWN_COLUMNS / 8u; // runs of 8 lanes that cover the tile's columns

// A workgroup's share: steps `first` to `end` of the sum for the tile at (m, n). All of these must be the same in all
// lanes, because every lane must reach every barrier. No step and a tile past the last are allowed.
struct Work {
  m: u32,
  n: u32,
  first: u32,
  end: u32,
}

// The sums, four rows by four columns each; a column of these matrices is a row of the tile.
var<private> high_near: mat4x4f;
var<private> high_far: mat4x4f;
var<private> low_near: mat4x4f;
var<private> low_far: mat4x4f;

fn outer(rows: vec4f, columns: vec4f) -> mat4x4f {
  return mat4x4f(rows.x * columns, rows.y * columns, rows.z * columns, rows.w * columns);
}

// Adds one step's products to the sums.
fn step(high: vec4f, low: vec4f, near: vec4f, far: vec4f) {
  high_near += outer(high, near);
  if (OWN_COLUMNS == 8u) { high_far += outer(high, far); }
  if (OWN_ROWS == 8u) { low_near += outer(low, near); }
  if (OWN_ROWS == 8u && OWN_COLUMNS == 8u) { low_far += outer(low, far); }
}

fn load_left(work: Work, k: u32, lane: u32) -> mat4x4f {
  let four = lane / LEFT_FOUR_EVERY % FOURS;
  return left_block(work.m + four * 4u, k + lane / LEFT_STEPS_EVERY % (SLICE / 4u) * 4u);
}

fn load_right(work: Work, k: u32, lane: u32) -> mat4x4f {
  let four = lane / RIGHT_FOUR_EVERY % FOURS;
  return right_block(work.n + four * 4u, k + lane / RIGHT_STEPS_EVERY % (SLICE / 4u) * 4u);
}

// The invocation's row i, in its first or second four columns.
fn row_of(i: u32, far: bool) -> vec4f {
  var block = high_near;
  if (OWN_COLUMNS == 8u && far) { block = high_far; }
  if (OWN_ROWS == 8u && i >= 4u) { block = low_near; }
  if (OWN_ROWS == 8u && OWN_COLUMNS == 8u && i >= 4u && far) { block = low_far; }
  var row = block[0];
  if (i % 4u == 1u) { row = block[1]; }
  if (i % 4u == 2u) { row = block[2]; }
  if (i % 4u == 3u) { row = block[3]; }
  return row;
}

// One tile per workgroup. Dawn adds a `min` to every index into workgroup memory that it can't bound itself. It can bound
// constants, anything modulo a constant, and sums, products and quotients of those, but no function's parameters. So
// every access is here, and each part of an index is taken modulo something.
@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(local_invocation_index) index: u32) {
  let lane = index % LANES; // the same; but of `index` Dawn knows no bound, as the other parameter is a struct
  let zero = u32(group.count.x == 0u); // compilers can't see through it, so they don't unroll the loops that start at it
  let start = select(zero, 0u, UNROLL);
  let work = work_of(group);

  // Where the lane writes its block, and where it reads rows and columns. 32 lanes read four fours of rows and eight of
  // columns.
  let left = lane / LEFT_STEPS_EVERY % (SLICE / 4u) * FOUR_STEPS + lane / LEFT_FOUR_EVERY % FOURS;
  let right = RIGHT + lane / RIGHT_STEPS_EVERY % (SLICE / 4u) * FOUR_STEPS + lane / RIGHT_FOUR_EVERY % FOURS;
  let row = lane / (32u * WIDE) * 4u + lane % 32u / 8u;
  let column = lane / 32u % WIDE * 8u + lane % 8u;

  var block: mat4x4f;
  for (var k = work.first + zero; ; k += SLICE) {
    let more = k < work.end;
    if (!BOTH && more) {
      if (lane < BLOCKS) { block = load_left(work, k, lane); } else { block = load_right(work, k, lane); }
    }
    if (k > work.first) {
      for (var s = start; s < SLICE / 4u; s++) {
        for (var j = start; j < 4u; j++) {
          let at = s % (SLICE / 4u) * FOUR_STEPS + j % 4u * FOURS;
          let l = at + row;
          let r = RIGHT + at + column;
          step(slices[l], slices[l + LOW], slices[r], slices[r + FAR]);
        }
      }
    }
    if (!more) { break; }
    workgroupBarrier();
    if (BOTH) { block = load_left(work, k, lane); }
    if (BOTH || lane < BLOCKS) {
      slices[left] = block[0];
      slices[left + FOURS] = block[1];
      slices[left + 2u * FOURS] = block[2];
      slices[left + 3u * FOURS] = block[3];
    }
    if (BOTH) { block = load_right(work, k, lane); }
    if (BOTH || lane >= BLOCKS) {
      slices[right] = block[0];
      slices[right + FOURS] = block[1];
      slices[right + 2u * FOURS] = block[2];
      slices[right + 3u * FOURS] = block[3];
    }
    workgroupBarrier();
  }

  // The loops aren't unrolled, because unrolled stores would be most of the work of lavapipe's compiler.
  for (var i = zero; i < OWN_ROWS; i++) {
    let m = work.m + (row + i / 4u * (FOURS / 2u)) * 4u + i % 4u;
    for (var far = zero; far < OWN_COLUMNS / 4u; far++) {
      store(m, work.n + (column + far * (FOURS / 2u)) * 4u, row_of(i, far == 1u));
    }
  }
}
