// workgroup-tile: a 64×64 tile of a matrix product, computed by a workgroup of 64. Slices of both operands, 16 steps of
// the sum long, pass through workgroup memory. Each invocation keeps 8×8 elements of the tile in registers: for each
// step it reads 16 words and does 64 multiply-adds.
//
// The shader provides the operands. `left_block(m, k)` returns rows m … m + 3 and `right_block(n, k)` columns n … n + 3
// at steps k … k + 3 of the sum, one vec4 per step. Steps past the sum's end must be ZERO in both, because 0 · NaN is
// NaN. LEFT_ALONG and RIGHT_ALONG are true if neighbours in memory are steps. `store(m, n, four)` stores columns
// n … n + 3 of row m, as far as they lie inside the result.

// Both slices as vec4s: 16 steps of 64 rows, then 16 steps of 64 columns.
var<workgroup> slices: array<vec4f, 512>;
const RIGHT = 256u;

// The invocation's rows: four of the tile's upper half and four of its lower half. Its columns are chosen the same way.
var<private> r0: mat2x4f;
var<private> r1: mat2x4f;
var<private> r2: mat2x4f;
var<private> r3: mat2x4f;
var<private> r4: mat2x4f;
var<private> r5: mat2x4f;
var<private> r6: mat2x4f;
var<private> r7: mat2x4f;

// The 4×4 block that an invocation loads (four of the tile, four steps), so that neighbouring lanes load neighbours in
// memory.
fn share_of(lane: u32, along: bool) -> vec2u {
  return select(vec2u(lane % 16u, lane / 16u), vec2u(lane / 4u, lane % 4u), along);
}

// The slot of a vec4 of the tile at the first of four steps. It is permuted by the steps (an exclusive or), so that
// eight lanes that write or read vec4s at the same time access eight different groups of banks.
fn slot(four: u32, steps: u32) -> u32 {
  return steps * 64u + (four ^ (steps * 2u));
}

// Loads steps k … k + 15 of both operands of the tile at (m, n). A barrier must follow.
fn fill(m: u32, n: u32, k: u32, lane: u32) {
  let l = share_of(lane, LEFT_ALONG);
  let rows = left_block(m + l.x * 4u, k + l.y * 4u);
  let l_at = slot(l.x, l.y);
  slices[l_at] = rows[0];
  slices[l_at + 16u] = rows[1];
  slices[l_at + 32u] = rows[2];
  slices[l_at + 48u] = rows[3];
  let r = share_of(lane, RIGHT_ALONG);
  let columns = right_block(n + r.x * 4u, k + r.y * 4u);
  let r_at = RIGHT + slot(r.x, r.y);
  slices[r_at] = columns[0];
  slices[r_at + 16u] = columns[1];
  slices[r_at + 32u] = columns[2];
  slices[r_at + 48u] = columns[3];
}

fn step(l: u32, r: u32) {
  let high = slices[l];
  let low = slices[l + 8u];
  let b = mat2x4f(slices[r], slices[r + 8u]);
  r0 += high.x * b;
  r1 += high.y * b;
  r2 += high.z * b;
  r3 += high.w * b;
  r4 += low.x * b;
  r5 += low.y * b;
  r6 += low.z * b;
  r7 += low.w * b;
}

// Adds 16 steps to the tile. `zero` is a zero that compilers can't see through, so that the loop isn't unrolled.
fn multiply(lane: u32, zero: u32) {
  for (var pair = zero; pair < 8u; pair++) {
    let l = slot(lane / 8u, pair / 2u) + pair % 2u * 32u;
    let r = RIGHT + slot(lane % 8u, pair / 2u) + pair % 2u * 32u;
    step(l, r);
    step(l + 16u, r + 16u);
  }
}

// One of the invocation's eight rows. They aren't an array, because SwiftShader takes ten times as long with arrays.
fn row_of(i: u32) -> mat2x4f {
  var row = r0;
  if (i == 1u) { row = r1; }
  if (i == 2u) { row = r2; }
  if (i == 3u) { row = r3; }
  if (i == 4u) { row = r4; }
  if (i == 5u) { row = r5; }
  if (i == 6u) { row = r6; }
  if (i == 7u) { row = r7; }
  return row;
}

// Stores the tile. The loops aren't unrolled, because unrolled stores would be most of the work of lavapipe's compiler.
fn store_tile(tile_m: u32, tile_n: u32, lane: u32, zero: u32) {
  let n = tile_n + lane % 8u * 4u;
  for (var i = zero; i < 8u; i++) {
    let m = tile_m + i / 4u * 32u + lane / 8u * 4u + i % 4u;
    let row = row_of(i);
    for (var half = zero; half < 2u; half++) { store(m, n + half * 32u, select(row[1], row[0], half == 0u)); }
  }
}

// Adds steps `first` to `end` of the sum to the tile at (m, n), and stores it. Both must be the same in all lanes of a
// workgroup, because every lane must reach every barrier.
fn make_tile(m: u32, n: u32, first: u32, end: u32, lane: u32, zero: u32) {
  for (var k = first; k < end; k += 16u) {
    fill(m, n, k, lane);
    workgroupBarrier();
    multiply(lane, zero);
    workgroupBarrier();
  }
  store_tile(m, n, lane, zero);
}
