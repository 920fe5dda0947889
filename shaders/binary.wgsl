// binary: out = a ∘ b, element by element; extents of 1 broadcast (with strides of 0), as in NumPy.

const ADD = 0u;
const SUB = 1u;
const MUL = 2u;
const DIV = 3u;
const MAXIMUM = 4u;
const MINIMUM = 5u;
const EQUAL = 6u; // 1 where a = b, else 0
const GREATER = 7u; // 1 where a > b, else 0
const SCALE = 8u; // a · FACTOR; b is not read

const OP = ADD;
const FACTOR = 1f;
const COUNT = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn apply(x: f32, y: f32) -> f32 {
  let invalid = select(y, x, is_nan(x)); // the NaN that maximum and minimum return
  switch OP {
    case ADD: { return x + y; }
    case SUB: { return x - y; }
    case MUL: { return x * y; }
    case DIV: { return x / y; }
    case MAXIMUM: { return select(max(x, y), invalid, is_nan(invalid)); }
    case MINIMUM: { return select(min(x, y), invalid, is_nan(invalid)); }
    case EQUAL: { return select(0f, 1f, x == y); }
    case GREATER: { return select(0f, 1f, x > y); }
    default: { return x * FACTOR; }
  }
}

@compute @workgroup_size(64)
fn binary(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  out[OUT_AT + index] = apply(a[A_AT + at.x], b[B_AT + at.y]);
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/broadcast.wgsl
