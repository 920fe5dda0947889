// pad: extends one axis of (OUTER, EXTENT, INNER) by BEFORE and AFTER elements that copy others:
//   out[j] = inp[source(j)]
// The backward sums, for each element, the gradients of its copies. The launcher makes sure that BEFORE and AFTER are
// < EXTENT for REFLECT and ≤ EXTENT for SYMMETRIC.

const REFLECT = 0u; // 3 2 | 1 2 3 4 | 3 2: about the outermost elements
const SYMMETRIC = 1u; // 2 1 | 1 2 3 4 | 4 3: about the borders beyond them
const EDGE = 2u; // 1 1 | 1 2 3 4 | 4 4

const MODE = REFLECT;
const COUNT = 64u; // elements of the array that is written: out, or dinp
const EXTENT = 64u;
const INNER = 1u;
const BEFORE = 0u;
const AFTER = 0u;

@group(0) @binding(0) var<storage, read> inp: array<u32>; // (OUTER, EXTENT, INNER), of any 32-bit type
@group(0) @binding(1) var<storage, read_write> out: array<u32>; // (OUTER, PADDED, INNER)
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read_write> dinp: array<f32>;

const PADDED = BEFORE + EXTENT + AFTER;
// Relative to the first element, the mirrored copies of element k are at −SEAM − k and at 2·EXTENT − 2 + SEAM − k.
const SEAM = select(0u, 1u, MODE == SYMMETRIC);

fn source(j: u32) -> u32 {
  let behind = j >= BEFORE + EXTENT;
  if (MODE == EDGE) { return select(max(j, BEFORE) - BEFORE, EXTENT - 1u, behind); }
  let mirrored = select(BEFORE - (SEAM + j), BEFORE + 2u * EXTENT + SEAM - 2u - j, behind);
  return select(mirrored, j - BEFORE, (j >= BEFORE) & !behind);
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let outer = index / (PADDED * INNER);
  let j = index / INNER % PADDED;
  let at = (outer * EXTENT + source(j)) * INNER + index % INNER;
  out[OUT_AT + index] = inp[INP_AT + at];
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let k = index / INNER % EXTENT;
  let row = DOUT_AT + index / (EXTENT * INNER) * PADDED * INNER + index % INNER;
  var sum = dout[row + (BEFORE + k) * INNER];
  // The copies before the first element are at j in [first, end); below, the same for those after the last element.
  var first = 0u;
  var end = select(0u, BEFORE, k == 0u);
  if (MODE != EDGE) {
    end = select(0u, BEFORE + 1u - SEAM - k, k >= 1u - SEAM && k + SEAM <= BEFORE);
    first = max(end, 1u) - 1u;
  }
  for (var j = first; j < end; j++) { sum += dout[row + j * INNER]; }
  first = BEFORE + EXTENT;
  end = select(first, PADDED, k == EXTENT - 1u);
  if (MODE != EDGE) {
    let at = BEFORE + 2u * EXTENT + SEAM - 2u - k;
    first = at;
    end = select(at, at + 1u, at >= BEFORE + EXTENT && at < PADDED);
  }
  for (var j = first; j < end; j++) { sum += dout[row + j * INNER]; }
  dinp[DINP_AT + index] = sum;
}
// appended: lib/invocation.wgsl
