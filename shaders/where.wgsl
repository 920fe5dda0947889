// where: out = a if the condition is true, else b; extents of 1 broadcast (with strides of 0), as in NumPy. Words are
// moved, not multiplied by 0, so what isn't chosen has no effect.

const KIND = F32; // the type of the condition's words
const TO_A = true; // whether to compute the gradient of a; else that of b
const COUNT = 64u;

// The strides of the condition, a and b in the output's axes; unused ones are 0.
const CONDITION_STRIDES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 1u);
const A_STRIDES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 1u);
const B_STRIDES = array<u32, 6>(0u, 0u, 0u, 0u, 0u, 1u);

@group(0) @binding(0) var<storage, read> condition: array<u32>;
@group(0) @binding(1) var<storage, read> a: array<u32>; // words of any kind
@group(0) @binding(2) var<storage, read> b: array<u32>;
@group(0) @binding(3) var<storage, read> dout: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<u32>; // the choice, or a gradient before it is summed over broadcast axes

// The indices of an element's condition, a and b.
fn operands_of(index: u32) -> vec3u {
  let at = coordinates_of(index);
  return at.d0 * vec3u(CONDITION_STRIDES[0], A_STRIDES[0], B_STRIDES[0])
    + at.d1 * vec3u(CONDITION_STRIDES[1], A_STRIDES[1], B_STRIDES[1])
    + at.d2 * vec3u(CONDITION_STRIDES[2], A_STRIDES[2], B_STRIDES[2])
    + at.d3 * vec3u(CONDITION_STRIDES[3], A_STRIDES[3], B_STRIDES[3])
    + at.d4 * vec3u(CONDITION_STRIDES[4], A_STRIDES[4], B_STRIDES[4])
    + at.d5 * vec3u(CONDITION_STRIDES[5], A_STRIDES[5], B_STRIDES[5]);
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  let chosen = is_true(condition[CONDITION_AT + at.x], KIND);
  out[OUT_AT + index] = select(b[B_AT + at.z], a[A_AT + at.y], chosen);
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let chosen = is_true(condition[CONDITION_AT + operands_of(index).x], KIND);
  out[OUT_AT + index] = select(0u, dout[DOUT_AT + index], chosen == TO_A);
}
// appended: lib/invocation.wgsl
// appended: lib/coordinates.wgsl
// appended: lib/words.wgsl
