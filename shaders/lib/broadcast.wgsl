// broadcast: where the operands of an element of the output lie; extents of 1 stretch (strides of 0), as in
// NumPy.

// Extents of the output, outermost first, and the strides of a and b in them; unused ones are 1 and 0.
const SHAPE = array<u32, 6>(1u, 1u, 1u, 1u, 1u, 64u);
const A_STRIDES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 1u);
const B_STRIDES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 1u);

fn operands_of(index: u32) -> vec2u {
  var rest = index;
  let d5 = rest % SHAPE[5];
  rest /= SHAPE[5];
  let d4 = rest % SHAPE[4];
  rest /= SHAPE[4];
  let d3 = rest % SHAPE[3];
  rest /= SHAPE[3];
  let d2 = rest % SHAPE[2];
  rest /= SHAPE[2];
  let d1 = rest % SHAPE[1];
  let d0 = rest / SHAPE[1];
  let at_a = d0 * A_STRIDES[0] + d1 * A_STRIDES[1] + d2 * A_STRIDES[2]
    + d3 * A_STRIDES[3] + d4 * A_STRIDES[4] + d5 * A_STRIDES[5];
  let at_b = d0 * B_STRIDES[0] + d1 * B_STRIDES[1] + d2 * B_STRIDES[2]
    + d3 * B_STRIDES[3] + d4 * B_STRIDES[4] + d5 * B_STRIDES[5];
  return vec2u(at_a, at_b);
}
