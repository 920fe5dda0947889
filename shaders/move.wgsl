// move: moves or fills 32-bit words, whatever their type.
//   copy: out[OUT_START + Σ d·OUT_STRIDES] = inp[INP_START + Σ d·INP_STRIDES] for every index d below SHAPE
//   fill: out[i] = VALUE

const COUNT = 64u; // words moved, or filled
const VALUE = 0u; // the bits of a float or an integer
// The extents, outermost first, and the strides of both sides; unused ones are 1 and 0. A negative stride walks
// backwards. A stride of 0 repeats elements on the input's side, and is also the stride along extents of 1.
const SHAPE = array<u32, 8>(1u, 1u, 1u, 1u, 1u, 1u, 1u, 64u);
const INP_START = 0i;
const INP_STRIDES = array<i32, 8>(0i, 0i, 0i, 0i, 0i, 0i, 0i, 1i);
const OUT_START = 0i;
const OUT_STRIDES = array<i32, 8>(0i, 0i, 0i, 0i, 0i, 0i, 0i, 1i);

@group(0) @binding(0) var<storage, read> inp: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(64)
fn copy(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  var rest = index;
  let d7 = i32(rest % SHAPE[7]);
  rest /= SHAPE[7];
  let d6 = i32(rest % SHAPE[6]);
  rest /= SHAPE[6];
  let d5 = i32(rest % SHAPE[5]);
  rest /= SHAPE[5];
  let d4 = i32(rest % SHAPE[4]);
  rest /= SHAPE[4];
  let d3 = i32(rest % SHAPE[3]);
  rest /= SHAPE[3];
  let d2 = i32(rest % SHAPE[2]);
  rest /= SHAPE[2];
  let d1 = i32(rest % SHAPE[1]);
  let d0 = i32(rest / SHAPE[1]);
  let from_inp = INP_START + d0 * INP_STRIDES[0] + d1 * INP_STRIDES[1] + d2 * INP_STRIDES[2]
    + d3 * INP_STRIDES[3] + d4 * INP_STRIDES[4] + d5 * INP_STRIDES[5]
    + d6 * INP_STRIDES[6] + d7 * INP_STRIDES[7];
  let to_out = OUT_START + d0 * OUT_STRIDES[0] + d1 * OUT_STRIDES[1] + d2 * OUT_STRIDES[2]
    + d3 * OUT_STRIDES[3] + d4 * OUT_STRIDES[4] + d5 * OUT_STRIDES[5]
    + d6 * OUT_STRIDES[6] + d7 * OUT_STRIDES[7];
  out[OUT_AT + u32(to_out)] = inp[INP_AT + u32(from_inp)];
}

@compute @workgroup_size(64)
fn fill(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index < COUNT) { out[OUT_AT + index] = VALUE; }
}
// appended: lib/invocation.wgsl
