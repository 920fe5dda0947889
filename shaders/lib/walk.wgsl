// walk: where a sum is that goes over a rectangle, some terms of each place at a time. One loop walks over all of it:
// where a loop begins and ends, SwiftShader copies every sum of a tile, which takes as long as four steps.

struct Walk {
  i: u32, // row
  j: u32, // column
  c: u32, // term
}

// `by` terms further: the next ones, or the first ones of the next place in columns `columns.x` to `columns.y - 1`.
fn further(at: Walk, by: u32, terms: u32, columns: vec2u) -> Walk {
  let place_ends = at.c + by >= terms;
  let j = at.j + u32(place_ends);
  let row_ends = j == columns.y;
  return Walk(at.i + u32(row_ends), select(j, columns.x, row_ends), select(at.c + by, 0u, place_ends));
}
