// numbers: what f32 arithmetic needs in order to behave alike on every adapter. WGSL's own exp and log
// may be off by dozens of float32 steps; these are made of bits, sums and products, off by one or two.
// Adapters may take subnormal numbers for 0, and give 0 for them; only `natural_log` sees through that.

// Compilers fold x != x to false: NaN is known by its bits.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

const INFINITY_BITS = 0x7f800000u;
const NAN_BITS = 0x7fc00000u;

// Bits to a float, for infinity and NaN: WGSL refuses those as constants, and not as results.
fn from_bits(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

// x without its last bit. No compiler can reorder a sum across it; where that bit is 0, it is exact.
fn fence(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffffffeu);
}

// 2ⁿ for n in [−126, 127].
fn power_of_2(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}

// 2ⁿ · x for n in [−252, 254], in two steps, as 2ⁿ itself may be out of range.
fn scale(x: f32, n: i32) -> f32 {
  let half = n >> 1u;
  return x * power_of_2(half) * power_of_2(n - half);
}

const LN2_HIGH = 0x1.62e4p-1f; // 15 bits, so that a product with an exponent is exact
const LN2_LOW = 0x1.7f7d1cp-20f;

// eʳ − 1 for |r| ≤ ln 2 / 2: the series to its eighth term, the first left out of the product.
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
  let split = by_ln2(clamp(x, -110f, 90f)); // past these it is 0 or infinite
  let y = scale(1f + expm1_near_0(split.y), i32(split.x));
  return select(select(y, from_bits(INFINITY_BITS), x > 89f), x, is_nan(x));
}

// eˣ − 1 for x ≤ 0, with all its digits near 0.
fn expm1_negative(x: f32) -> f32 {
  let split = by_ln2(max(x, -30f)); // before that it is −1
  let power = power_of_2(i32(split.x));
  let y = power * expm1_near_0(split.y) + (power - 1f);
  return select(y, x, is_nan(x));
}

// A float's bits, its sign aside, as m · 2ⁿ with m in [√½, √2): the bits of m, and n. Subnormal
// numbers count as integers · 2⁻¹⁴⁹, which no adapter takes for 0.
fn by_power_of_2(magnitude: u32) -> vec2i {
  let tiny = magnitude < 0x00800000u;
  let bits = select(magnitude, bitcast<u32>(f32(magnitude)), tiny);
  let above = i32(bits) - 0x3f3504f3; // past the bits of √½
  let n = above >> 23u;
  return vec2i(0x3f3504f3 + (above & 0x007fffff), select(n, n - 149, tiny));
}

// The natural logarithm: with f = m − 1 and s = f / (2 + f), log(1 + f) = 2·atanh(s), written as f less
// what is small beside it.
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

// t = e^−2|x| − 1 lies in (−1, 0]: nothing overflows, and near 0 nothing cancels.
fn safe_tanh(x: f32) -> f32 {
  let t = expm1_negative(-2f * abs(x));
  let sign = bitcast<u32>(x) & 0x80000000u;
  let y = from_bits(bitcast<u32>(abs(t) / (t + 2f)) | sign);
  return select(y, x, is_nan(x));
}

// Both branches of exp stay in [0, 1], so neither overflows.
fn safe_sigmoid(x: f32) -> f32 {
  let e = natural_exp(-abs(x));
  return select(select(e, 1f, x >= 0f) / (1f + e), x, is_nan(x));
}

// log(1 + eˣ), with neither overflow nor a lost tail.
fn safe_softplus(x: f32) -> f32 {
  return select(select(0f, x, x > 0f) + log1p(natural_exp(-abs(x))), x, is_nan(x));
}

// log(1 + x) for x in [0, 1], as 2·atanh(s) with s = x / (2 + x): plain log gives 0 below 6e-8, and loses
// digits long before. s is at most 1/3, so eight terms reach f32; 2s keeps a tiny x from flushing to 0.
fn log1p(x: f32) -> f32 {
  let s2 = x / (1f + 0.5f * x);
  let q = 0.25f * s2 * s2;
  let tail = 1f / 9f + q * (1f / 11f + q * (1f / 13f + q * (1f / 15f)));
  return s2 * (1f + q * (1f / 3f + q * (1f / 5f + q * (1f / 7f + q * tail))));
}

// log(1 − p) to all digits: 1 − p is exact above one half, and log1p takes over below.
fn log_of_other(p: f32) -> f32 {
  return select(log1p(-p), natural_log(1f - p), (p > 0.5f) | (p < 0f) | is_nan(p));
}
