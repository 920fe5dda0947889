// compare: out = 1 if a ∘ b holds, else 0, element by element; extents of 1 broadcast (with strides of 0), as in NumPy.
// Of the comparisons, only NOT_EQUAL holds for NaN.

const EQUAL = 0u;
const NOT_EQUAL = 1u;
const LESS = 2u;
const LESS_EQUAL = 3u;
const GREATER = 4u;
const GREATER_EQUAL = 5u;
const LOGICAL_AND = 6u;
const LOGICAL_OR = 7u;
const LOGICAL_NOT = 8u; // of a; b is the same array

const OP = EQUAL;
// The types of the words of a and b. Comparisons need the same type for both.
const A_KIND = F32;
const B_KIND = F32;
const COUNT = 64u;

@group(0) @binding(0) var<storage, read> a: array<u32>; // words of A_KIND
@group(0) @binding(1) var<storage, read> b: array<u32>; // words of B_KIND
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

fn holds(x: u32, y: u32) -> bool {
  let left = rank_of(x, A_KIND);
  let right = rank_of(y, B_KIND);
  let ordered = !(is_nan_word(x, A_KIND) | is_nan_word(y, B_KIND));
  switch OP {
    case EQUAL: { return ordered & (left == right); }
    case NOT_EQUAL: { return !(ordered & (left == right)); }
    case LESS: { return ordered & (left < right); }
    case LESS_EQUAL: { return ordered & (left <= right); }
    case GREATER: { return ordered & (left > right); }
    case GREATER_EQUAL: { return ordered & (left >= right); }
    case LOGICAL_AND: { return is_true(x, A_KIND) & is_true(y, B_KIND); }
    case LOGICAL_OR: { return is_true(x, A_KIND) | is_true(y, B_KIND); }
    default: { return !is_true(x, A_KIND); }
  }
}

@compute @workgroup_size(64)
fn compare(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  out[OUT_AT + index] = select(0u, 1u, holds(a[A_AT + at.x], b[B_AT + at.y]));
}
// appended: lib/invocation.wgsl
// appended: lib/words.wgsl
// appended: lib/broadcast.wgsl
