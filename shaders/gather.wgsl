// gather: the rows of x that indices select, and the gradient of that. x is (B, O, ROWS, INNER), indices are
// (B, PICKS), out is (B, O, PICKS, INNER):
//
//   out[b, o, i, s] = x[b, o, row(b, i), s]
//   dx[b, o, n, s] = Σ dout[b, o, i, s] over the i with row(b, i) = n, in order of i
//
// A negative index counts from the end, and an index out of range is clamped.

const COUNT = 64u; // elements to write
const OUTER = 1u; // O: extent of the axes of x between the batch and the rows
const ROWS = 8u;
const INNER = 8u; // elements per row
const PICKS = 8u; // indices per batch
const PITCH = max(PICKS, 1u); // x has a gradient even without indices, but a modulus of 0 doesn't compile
const BLOCK = 4u; // terms that are summed before they are added to the rest: about √PICKS have the least rounding

@group(0) @binding(0) var<storage, read> indices: array<i32>; // (B, PICKS)
// Moved as words, whatever their type, so that NaN keeps its bits.
@group(0) @binding(1) var<storage, read> inp: array<u32>; // (B, O, ROWS, INNER)
@group(0) @binding(2) var<storage, read_write> out: array<u32>; // (B, O, PICKS, INNER)
@group(0) @binding(3) var<storage, read> dout: array<f32>; // (B, O, PICKS, INNER)
@group(0) @binding(4) var<storage, read_write> dinp: array<f32>; // (B, O, ROWS, INNER)
@group(0) @binding(5) var<storage, read_write> links: array<u32>; // (B, ROWS + PICKS), written by `link`
@group(0) @binding(6) var<storage, read> next: array<u32>; // the same array, read by `gradient`

fn row(at: u32) -> u32 {
  let index = indices[INDICES_AT + at];
  let from_start = select(index, index + i32(ROWS), index < 0);
  return u32(clamp(from_start, 0, i32(ROWS) - 1));
}

@compute @workgroup_size(64)
fn gather(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let s = index % INNER;
  let i = (index / INNER) % PITCH;
  let lead = index / (INNER * PITCH); // b · O + o
  let from_row = row((lead / OUTER) * PICKS + i);
  out[OUT_AT + index] = inp[INP_AT + (lead * ROWS + from_row) * INNER + s];
}

// Links the picks of each row: for each row the first i that selects it, then for each i the next one that selects the
// same row; PICKS if there is none. All the scans for one row together visit each i once.
@compute @workgroup_size(64)
fn link(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = index % (ROWS + PICKS);
  let named = (index / (ROWS + PICKS)) * PICKS;
  var n = at;
  var i = 0u;
  if (at >= ROWS) {
    i = at - ROWS + 1u;
    n = row(named + at - ROWS);
  }
  for (; i < PICKS; i++) {
    if (row(named + i) == n) { break; }
  }
  links[LINKS_AT + index] = i;
}

@compute @workgroup_size(64)
fn gradient(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let s = index % INNER;
  let n = (index / INNER) % ROWS;
  let lead = index / (INNER * ROWS); // b · O + o
  let chain = NEXT_AT + (lead / OUTER) * (ROWS + PICKS);
  let terms = DOUT_AT + lead * PICKS * INNER + s;
  var i = next[chain + n];
  var total = 0f;
  for (var done = 0u; done < PICKS; done += BLOCK) {
    if (i >= PICKS) { break; }
    var sum = 0f;
    for (var k = 0u; k < BLOCK; k++) {
      if (i >= PICKS) { break; }
      sum += dout[terms + i * INNER];
      i = next[chain + ROWS + i];
    }
    total += sum;
  }
  dinp[DINP_AT + index] = total;
}
// appended: lib/invocation.wgsl
