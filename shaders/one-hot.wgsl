// one-hot: out[o, d, s] = ON where indices[o, s] = d, else OFF. For an index outside [0, DEPTH), all of its elements
// are OFF; with WRAP, an index in [-DEPTH, -1] counts from the end.

const COUNT = 64u; // elements of out
const DEPTH = 8u; // classes
const INNER = 8u; // extent of the axes after that of the classes
const WRAP = false;
// As bits, because infinities and NaN can't be constants.
const ON = 0x3f800000u;
const OFF = 0u;

@group(0) @binding(0) var<storage, read> indices: array<i32>; // (O, INNER)
@group(0) @binding(1) var<storage, read_write> out: array<u32>; // (O, DEPTH, INNER): an f32's bits

@compute @workgroup_size(64)
fn one_hot(invocation: Invocation) {
  let at = flat_index(invocation);
  if (at >= COUNT) { return; }
  let d = (at / INNER) % DEPTH;
  let o = at / (INNER * DEPTH);
  let index = indices[INDICES_AT + o * INNER + at % INNER];
  let from_start = select(index, index + i32(DEPTH), WRAP & (index < 0));
  out[OUT_AT + at] = select(OFF, ON, from_start == i32(d));
}
// appended: lib/invocation.wgsl
