// words: 32-bit words of several types. Everything here works on bits, so that no adapter flushes a subnormal number,
// folds a comparison with NaN, or takes an integer for a float.

const F32 = 0u;
const I32 = 1u;
const U32 = 2u;

// A word as an unsigned number that sorts like the word's value. Both zeros of a float map to the middle. NaN isn't
// sorted: see `is_nan_word`.
fn rank_of(word: u32, kind: u32) -> u32 {
  let magnitude = word & 0x7fffffffu;
  switch kind {
    case F32: { return select(0x80000000u + magnitude, 0x80000000u - magnitude, word > magnitude); }
    case I32: { return word ^ 0x80000000u; }
    default: { return word; }
  }
}

fn is_nan_word(word: u32, kind: u32) -> bool {
  return (kind == F32) & ((word & 0x7fffffffu) > 0x7f800000u);
}

// Whether a word counts as true: all do, including NaN, except 0 and −0.
fn is_true(word: u32, kind: u32) -> bool {
  return select(word, word << 1u, kind == F32) != 0u;
}
