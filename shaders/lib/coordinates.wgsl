// coordinates: an element's coordinate along each axis of the output.

// The extents of the output, outermost first; unused ones are 1.
const SHAPE = array<u32, 6>(1u, 1u, 1u, 1u, 1u, 64u);

struct Coordinates {
  d0: u32,
  d1: u32,
  d2: u32,
  d3: u32,
  d4: u32,
  d5: u32,
}

fn coordinates_of(index: u32) -> Coordinates {
  var rest = index;
  let d5 = rest % SHAPE[5];
  rest /= SHAPE[5];
  let d4 = rest % SHAPE[4];
  rest /= SHAPE[4];
  let d3 = rest % SHAPE[3];
  rest /= SHAPE[3];
  let d2 = rest % SHAPE[2];
  rest /= SHAPE[2];
  return Coordinates(rest / SHAPE[1], rest % SHAPE[1], d2, d3, d4, d5);
}
