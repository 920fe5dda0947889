// own-rows: the pixels whose rows a lane loads for a tile of lib/lanes-tile.wgsl, and where their taps fall. The shader
// defines `tap(origin, i, j)`, the index under tap (i, j) of a pixel with that origin or -1 outside; `unbounded(origin)`,
// the index under the first tap as if nothing were outside; and `load_four(at, c)`, the four elements from c on at an
// index, or zeros outside.

// The origins (image, y, x) of the lane's pixels, of which a tile uses OWN_ROWS.
struct Origins {
  p0: vec3i,
  p1: vec3i,
  p2: vec3i,
  p3: vec3i,
  p4: vec3i,
  p5: vec3i,
  p6: vec3i,
  p7: vec3i,
}

// The same pixels' indices under one tap.
struct Indices {
  first: vec4i,
  last: vec4i,
}

fn under_first_tap(at: Origins) -> Indices {
  return Indices(
    vec4i(unbounded(at.p0), unbounded(at.p1), unbounded(at.p2), unbounded(at.p3)),
    vec4i(unbounded(at.p4), unbounded(at.p5), unbounded(at.p6), unbounded(at.p7)),
  );
}

fn under_tap(at: Origins, i: u32, j: u32) -> Indices {
  return Indices(
    vec4i(tap(at.p0, i, j), tap(at.p1, i, j), tap(at.p2, i, j), tap(at.p3, i, j)),
    vec4i(tap(at.p4, i, j), tap(at.p5, i, j), tap(at.p6, i, j), tap(at.p7, i, j)),
  );
}

fn moved(at: Indices, by: i32) -> Indices {
  return Indices(at.first + by, at.last + by);
}

fn load_own(at: Indices, c: u32) -> Rows {
  var x = Rows();
  x.x0 = load_four(at.first.x, c);
  x.x1 = load_four(at.first.y, c);
  if (OWN_ROWS > 2u) {
    x.x2 = load_four(at.first.z, c);
    x.x3 = load_four(at.first.w, c);
  }
  if (OWN_ROWS > 4u) {
    x.x4 = load_four(at.last.x, c);
    x.x5 = load_four(at.last.y, c);
    x.x6 = load_four(at.last.z, c);
    x.x7 = load_four(at.last.w, c);
  }
  return x;
}
