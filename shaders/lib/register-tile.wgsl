// register-tile: a tile of a matrix product, eight rows by eight columns, that an invocation computes in its registers.
// The shader defines `store(m, n, four)`, which stores columns n … n + 3 of row m as far as they are inside the result.

// Each row is a variable, not an element of an array, because SwiftShader takes ten times as long with arrays.
struct Rows {
  r0: mat2x4f,
  r1: mat2x4f,
  r2: mat2x4f,
  r3: mat2x4f,
  r4: mat2x4f,
  r5: mat2x4f,
  r6: mat2x4f,
  r7: mat2x4f,
}

// Adds a step of the sum, from the operands of the first four rows, the last four rows and the columns.
fn add_step(t: ptr<function, Rows>, top: vec4f, bottom: vec4f, columns: mat2x4f) {
  (*t).r0 += top.x * columns;
  (*t).r1 += top.y * columns;
  (*t).r2 += top.z * columns;
  (*t).r3 += top.w * columns;
  (*t).r4 += bottom.x * columns;
  (*t).r5 += bottom.y * columns;
  (*t).r6 += bottom.z * columns;
  (*t).r7 += bottom.w * columns;
}

fn row_of(t: ptr<function, Rows>, i: u32) -> mat2x4f {
  var row = (*t).r0;
  if (i == 1u) { row = (*t).r1; }
  if (i == 2u) { row = (*t).r2; }
  if (i == 3u) { row = (*t).r3; }
  if (i == 4u) { row = (*t).r4; }
  if (i == 5u) { row = (*t).r5; }
  if (i == 6u) { row = (*t).r6; }
  if (i == 7u) { row = (*t).r7; }
  return row;
}

// Stores the tile whose first element is (m, n). `zero` is a zero that compilers can't see through, so that the loops
// aren't unrolled: unrolled, the stores would be most of the compilers' work.
fn store_tile(t: ptr<function, Rows>, m: u32, n: u32, zero: u32) {
  for (var i = zero; i < 8u; i++) {
    let row = row_of(t, i);
    for (var half = zero; half < 2u; half++) { store(m + i, n + half * 4u, select(row[1], row[0], half == 0u)); }
  }
}
