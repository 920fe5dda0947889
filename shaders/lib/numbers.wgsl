// numbers: f32 functions that behave alike on every adapter. WGSL's own exp and log may be off by dozens of float32
// steps; these are computed with bits, sums and products, and are off by one or two. Adapters may read subnormal
// numbers as 0, and return 0 for them; only `natural_log` is right for them anyway.

// Compilers fold x != x to false, so NaN is recognised by its bits.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

const INFINITY_BITS = 0x7f800000u;
const NAN_BITS = 0x7fc00000u;

// The float of these bits. WGSL refuses infinity and NaN as constants, but not as results of this function.
fn from_bits(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

// x without its last bit. No compiler can reorder a sum across this; it is exact if that bit is 0.
fn fence(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffffffeu);
}

// 2ⁿ for n in [−126, 127].
fn power_of_2(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}

// 2ⁿ · x for n in [−252, 254], in two steps, because 2ⁿ itself may be out of range.
fn scale(x: f32, n: i32) -> f32 {
  let half = n >> 1u;
  return x * power_of_2(half) * power_of_2(n - half);
}

const LN2_HIGH = 0x1.62e4p-1f; // 15 bits, so that its product with an exponent is exact
const LN2_LOW = 0x1.7f7d1cp-20f;

// eʳ − 1 for |r| ≤ ln 2 / 2: the series to its eighth term, with the first term outside the product.
fn expm1_near_0(r: f32) -> f32 {
  let tail = 1f / 120f + r * (1f / 720f + r * (1f / 5040f + r * (1f / 40320f)));
  return r + r * r * (0.5f + r * (1f / 6f + r * (1f / 24f + r * tail)));
}

// x = n·ln 2 + r: n and r, with |r| ≤ ln 2 / 2.
fn by_ln2(x: f32) -> vec2f {
  let n = floor(x * 1.44269504f + 0.5f);
  return vec2f(n, (x - fence(n * LN2_HIGH)) - n * LN2_LOW);
}

// eˣ.
fn natural_exp(x: f32) -> f32 {
  let split = by_ln2(clamp(x, -110f, 90f)); // beyond these the result is 0 or infinite
  let y = scale(1f + expm1_near_0(split.y), i32(split.x));
  return select(select(y, from_bits(INFINITY_BITS), x > 89f), x, is_nan(x));
}

// eˣ − 1 for x ≤ 0, accurate near 0 too.
fn expm1_negative(x: f32) -> f32 {
  let split = by_ln2(max(x, -30f)); // below −30 the result is −1
  let power = power_of_2(i32(split.x));
  let y = power * expm1_near_0(split.y) + (power - 1f);
  return select(y, x, is_nan(x));
}

// Splits a float's magnitude, given its bits, into m · 2ⁿ with m in [√½, √2): returns the bits of m, and n. Subnormal
// numbers are treated as integers · 2⁻¹⁴⁹, which no adapter reads as 0.
fn by_power_of_2(magnitude: u32) -> vec2i {
  let tiny = magnitude < 0x00800000u;
  let bits = select(magnitude, bitcast<u32>(f32(magnitude)), tiny);
  let above = i32(bits) - 0x3f3504f3; // relative to the bits of √½
  let n = above >> 23u;
  return vec2i(0x3f3504f3 + (above & 0x007fffff), select(n, n - 149, tiny));
}

// The natural logarithm. With f = m − 1 and s = f / (2 + f), log(1 + f) = 2·atanh(s), which is written as f minus a
// small correction.
fn natural_log(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let parts = by_power_of_2(bits & 0x7fffffffu);
  let n = f32(parts.y);
  let f = bitcast<f32>(parts.x) - 1f;
  let s = f / (2f + f);
  let q = s * s;
  let series = q * (2f / 3f + q * (2f / 5f + q * (2f / 7f + q * (2f / 9f))));
  let half = 0.5f * f * f;
  let y = n * LN2_HIGH + (f - (half - (s * (half + series) + n * LN2_LOW)));
  let positive = select(y, x, bits >= INFINITY_BITS); // infinity, or NaN
  let other = select(from_bits(NAN_BITS), from_bits(INFINITY_BITS | 0x80000000u), bits << 1u == 0u);
  return select(positive, select(other, x, is_nan(x)), bits == 0u || bits >= 0x80000000u);
}

// tanh. t = e^−2|x| − 1 lies in (−1, 0]: nothing overflows, and near 0 nothing cancels.
fn safe_tanh(x: f32) -> f32 {
  let t = expm1_negative(-2f * abs(x));
  let sign = bitcast<u32>(x) & 0x80000000u;
  let y = from_bits(bitcast<u32>(abs(t) / (t + 2f)) | sign);
  return select(y, x, is_nan(x));
}

// The sigmoid. e = e^−|x| stays in [0, 1], so nothing overflows.
fn safe_sigmoid(x: f32) -> f32 {
  let e = natural_exp(-abs(x));
  return select(select(e, 1f, x >= 0f) / (1f + e), x, is_nan(x));
}

// log(1 + eˣ), without overflow and accurate in the tail.
fn safe_softplus(x: f32) -> f32 {
  return select(select(0f, x, x > 0f) + log1p(natural_exp(-abs(x))), x, is_nan(x));
}

// log(1 + x) for x in [0, 1], as 2·atanh(s) with s = x / (2 + x). A plain log would return 0 below 6e-8, and lose
// digits long before. s is at most 1/3, so eight terms are accurate to f32; 2s keeps a tiny x from flushing to 0.
fn log1p(x: f32) -> f32 {
  let s2 = x / (1f + 0.5f * x);
  let q = 0.25f * s2 * s2;
  let tail = 1f / 9f + q * (1f / 11f + q * (1f / 13f + q * (1f / 15f)));
  return s2 * (1f + q * (1f / 3f + q * (1f / 5f + q * (1f / 7f + q * tail))));
}

// log(1 − p), accurate to all digits: 1 − p is exact for p above one half, and log1p is used below.
fn log_of_other(p: f32) -> f32 {
  return select(log1p(-p), natural_log(1f - p), (p > 0.5f) | (p < 0f) | is_nan(p));
}
