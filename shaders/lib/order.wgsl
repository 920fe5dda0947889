// order: a total order of floats that includes NaN. It goes by bits, because adapters may read subnormals as 0.

// A float's rank in the order -∞ … -0 = 0 … ∞, NaN.
fn rank_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  let ordered = select(0x80000000u + magnitude, 0x80000000u - magnitude, bits >= 0x80000000u);
  return select(ordered, 0xffffffffu, is_nan(x));
}
// appended: lib/numbers.wgsl
