// exp-log: exponentials and logarithms to a few units in the last place. WGSL's own may be off by
// several 1e-7, and more the larger the exponent. Shaders that append this append lib/numbers.wgsl too.

const LN2_HIGH = 0.693359375f; // nine bits: its products with whole exponents are exact
const LN2_LOW = -2.12194440e-4f;

// Infinity and NaN aren't allowed as constants, so they come through a parameter.
fn from_bits(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

fn not_a_number() -> f32 {
  return from_bits(0x7fc00000u);
}

// The series of (exp(r) − 1 − r) / r² for |r| ≤ ln 2 / 2 (Cephes, expf).
fn exp_tail(r: f32) -> f32 {
  return 0.5f + r * (1.6666665e-1f + r * (4.1665796e-2f + r * (8.3334519e-3f + r * (1.3981999e-3f + r * 1.9875691e-4f))));
}

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
  let r = (high - n * LN2_HIGH) + (low - n * LN2_LOW);
  let power = from_bits(u32(i32(n) + 127) << 23u);
  // Below 2^-126 there is nothing left; this is also where −∞ goes, whose parts are no numbers.
  return select(0f, (1f + (r + r * r * exp_tail(r))) * power, x - top >= -87.3f);
}

// exp(x) − 1 for x ≤ 0, to the same relative accuracy near 0.
fn exp_minus_one(x: f32) -> f32 {
  return select(exp_difference(x, 0f) - 1f, x + x * x * exp_tail(x), x > -0.34f);
}

// The natural logarithm: x = m · 2^e with m in (2/3, 4/3]. 0 and subnormal numbers give −∞, negative ones
// and NaN give NaN.
fn accurate_log(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let mantissa = from_bits((bits & 0x007fffffu) | 0x3f800000u);
  let halve = mantissa > 1.3333334f;
  let m = select(mantissa, 0.5f * mantissa, halve);
  let e = f32(i32(bits >> 23u) - 127 + select(0, 1, halve));
  // e · ln 2 in two parts: the larger one is exact.
  let value = e * LN2_HIGH + (e * LN2_LOW + log1p(m - 1f));
  let special = select(x, not_a_number(), x < 0f);
  let finite = select(value, special, bits >= 0x7f800000u);
  return select(finite, from_bits(0xff800000u), (bits & 0x7fffffffu) < 0x00800000u);
}

// log(1 + x) for x ≥ 0.
fn log_one_plus(x: f32) -> f32 {
  return select(accurate_log(1f + x), log1p(x), x <= 1f);
}
