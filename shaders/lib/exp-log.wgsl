// exp-log: the functions for rows of logits that lib/numbers.wgsl lacks.

// x rounded to a multiple of 1/64. From 2¹⁷ on, every float32 is one.
fn coarse(x: f32) -> f32 {
  return select(round(x * 64f) * 0.015625f, x, abs(x) >= 0x1p17f);
}

// exp(x − top) for x ≤ top, without the rounding of the difference: for a difference of −20 that would change the
// result by 1e-6 of itself. Multiples of 1/64 are subtracted separately, which is exact, and the remainders are small.
fn exp_difference(x: f32, top: f32) -> f32 {
  let high = coarse(x) - coarse(top);
  let low = (x - coarse(x)) - (top - coarse(top));
  let n = clamp(round((high + low) * 1.44269504f), -126f, 0f);
  let r = (high - fence(n * LN2_HIGH)) + (low - n * LN2_LOW);
  // Below 2^-126 the result is 0. That includes −∞, whose parts are NaN.
  return select(0f, (1f + expm1_near_0(r)) * power_of_2(i32(n)), x - top >= -87.3f);
}

// log(1 + x) for x ≥ 0.
fn log_one_plus(x: f32) -> f32 {
  return select(natural_log(1f + x), log1p(x), x <= 1f);
}
// appended: lib/numbers.wgsl
