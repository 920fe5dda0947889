// exp-log: what rows of logits need beyond lib/numbers.wgsl, which shaders that append this append too.

// x to a multiple of 1/64, which any larger float32 is anyway.
fn coarse(x: f32) -> f32 {
  return select(round(x * 64f) * 0.015625f, x, abs(x) >= 0x1p17f);
}

// exp(x − top) for x ≤ top, without the rounding of the difference: that of −20 is worth 1e-6 of the
// result. Multiples of 1/64 are subtracted apart, which is exact, and what they leave is small.
fn exp_difference(x: f32, top: f32) -> f32 {
  let high = coarse(x) - coarse(top);
  let low = (x - coarse(x)) - (top - coarse(top));
  let n = clamp(round((high + low) * 1.44269504f), -126f, 0f);
  let r = (high - fence(n * LN2_HIGH)) + (low - n * LN2_LOW);
  // Below 2^-126 there is nothing left; this is also where −∞ goes, whose parts are no numbers.
  return select(0f, (1f + expm1_near_0(r)) * power_of_2(i32(n)), x - top >= -87.3f);
}

// log(1 + x) for x ≥ 0.
fn log_one_plus(x: f32) -> f32 {
  return select(natural_log(1f + x), log1p(x), x <= 1f);
}
// appended: lib/numbers.wgsl
