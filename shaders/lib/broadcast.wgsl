// broadcast: where the operands of an output element are; extents of 1 broadcast (with strides of 0), as in NumPy.

// The strides of a and b in the output's axes; unused ones are 0.
const A_STRIDES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 1u);
const B_STRIDES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 1u);

fn operands_of(index: u32) -> vec2u {
  let at = coordinates_of(index);
  let at_a = at.d0 * A_STRIDES[0] + at.d1 * A_STRIDES[1] + at.d2 * A_STRIDES[2]
    + at.d3 * A_STRIDES[3] + at.d4 * A_STRIDES[4] + at.d5 * A_STRIDES[5];
  let at_b = at.d0 * B_STRIDES[0] + at.d1 * B_STRIDES[1] + at.d2 * B_STRIDES[2]
    + at.d3 * B_STRIDES[3] + at.d4 * B_STRIDES[4] + at.d5 * B_STRIDES[5];
  return vec2u(at_a, at_b);
}
// appended: lib/coordinates.wgsl
