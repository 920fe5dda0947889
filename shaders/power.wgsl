// power: out = a^b and its gradients, with NumPy's broadcasting: da = dout · b · a^(b − 1), db = dout · a^b · log a. It
// has C99's special cases, and is off by a float32 step or two.
//
// exp2(b · log2 a) would multiply the logarithm's error by up to 150. So the logarithm is kept as a head of 12 bits,
// whose products with other heads are exact, and a tail. After fdlibm's e_pow.c.

const COUNT = 64u; // elements of the output, and of dout
const TO_BASE = true; // whether to compute the gradient of a; else that of b

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // a^b, or a gradient before it is summed over broadcast axes

// The first 12 bits of x: a product of two heads is exact.
fn head(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// 2 / (3 ln 2) as its first 12 bits and the remainder.
const TO_LOG2_HIGH = 0x1.ec8p-1f;
const TO_LOG2_LOW = -1.17368574e-4f;

// The binary logarithm of m · 2ⁿ, as a head and a tail. With s = (m − 1) / (m + 1) it is
// n + 2 / (3 ln 2) · s · (3 + s² + 3/5 s⁴ + 3/7 s⁶ + …).
fn log2_in_two(m: f32, n: f32) -> vec2f {
  let below = m + 1f;
  let s = (m - 1f) / below;
  let s_head = head(s);
  let below_head = head(below);
  let below_tail = m - (below_head - 1f);
  let s_tail = (((m - 1f) - s_head * below_head) - s_head * below_tail) / below;

  let q = s * s;
  let series = q * q * (3f / 5f + q * (3f / 7f + q * (3f / 9f + q * (3f / 11f + q * (3f / 13f)))));
  let rest = series + s_tail * (s_head + s);
  let square = s_head * s_head;
  let sum_head = head(3f + square + rest);
  let sum_tail = rest - ((sum_head - 3f) - square);

  let high = s_head * sum_head;
  let low = s_tail * sum_head + s * sum_tail;
  let product_head = head(high + low);
  let product_tail = low - (product_head - high);

  let log_high = TO_LOG2_HIGH * product_head;
  let log_low = TO_LOG2_LOW * product_head + (TO_LOG2_HIGH + TO_LOG2_LOW) * product_tail;
  let log_head = head((log_high + log_low) + n);
  return vec2f(log_head, log_low - ((log_head - n) - log_high));
}

// factor · |x|^y, or factor · |x|^(y − 1) if `less`, for an |x| that is neither 0 nor infinite, given its bits.
fn scaled_power(factor: f32, x: u32, y: f32, less: bool) -> f32 {
  let parts = by_power_of_2(x);
  let m = bitcast<f32>(parts.x);
  let log = log2_in_two(m, f32(parts.y));
  let e = clamp(y, -0x1p33f, 0x1p33f); // with such exponents, even powers of the numbers next to 1 are out of range
  let e_head = head(e);
  let high = e_head * log.x;
  let low = (e - e_head) * log.x + e * log.y;
  let whole = floor(clamp(high + low, -600f, 600f) + 0.5f);
  let fraction = clamp((high - whole) + low, -1f, 1f);
  // |x|^y is near_1 · 2^whole, and |x|^(y − 1) is that divided by m · 2ⁿ.
  let n = i32(whole) - select(0, parts.y, less);
  let near_1 = select(1f + expm1_near_0(fraction * 0.693147181f), 0f, n < -252);
  // The factor is applied between the two powers of 2: it may bring a power into range that alone is not.
  let bounded = clamp(n, -252, 252);
  let half = bounded >> 1u;
  let first = near_1 / select(1f, m, less) * power_of_2(half);
  return first * factor * power_of_2(bounded - half);
}

// What matters about an exponent, y or y − 1, apart from its value.
struct Exponent {
  is_0: bool,
  is_positive: bool,
  is_whole: bool,
  is_odd: bool,
}

fn exponent_of(y: f32, less: bool) -> Exponent {
  let bits = bitcast<u32>(y);
  let magnitude = bits & 0x7fffffffu;
  let below_point = 150 - i32(magnitude >> 23u); // how many of its 24 digits are below the binary point
  let shift = u32(clamp(below_point, 0, 24));
  let digits = (magnitude & 0x007fffffu) | 0x00800000u;
  let is_whole = magnitude == 0u || (digits & ((1u << shift) - 1u)) == 0u;
  let is_odd = magnitude != 0u && below_point >= 0 && is_whole && ((digits >> shift) & 1u) == 1u;
  if (!less) {
    return Exponent(magnitude == 0u, bits < 0x80000000u, is_whole, is_odd);
  }
  // y − 1 as float64 rounds it: −1 for |y| < 2⁻⁵⁴, and y itself from 2⁵³ on.
  let minus_1 = magnitude < 0x24800000u;
  let flips = magnitude < 0x5a000000u;
  return Exponent(y == 1f, y > 1f, is_whole || minus_1, minus_1 || (is_whole && is_odd != flips));
}

// factor · x^y, or factor · x^(y − 1) if `less`.
fn power(factor: f32, x: f32, y: f32, less: bool) -> f32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  let exponent = exponent_of(y, less);
  if (exponent.is_0 || bits == 0x3f800000u) { return factor; }
  let negative = bits >= 0x80000000u;
  let extreme = magnitude == 0u || magnitude == INFINITY_BITS;
  let unreal = negative && !extreme && !exponent.is_whole;
  if (is_nan(x) || is_nan(y) || unreal) { return from_bits(NAN_BITS); }
  let endless = (bitcast<u32>(y) & 0x7fffffffu) == INFINITY_BITS;
  let signed = select(factor, -factor, negative && exponent.is_odd);
  if (extreme || (endless && magnitude != 0x3f800000u)) {
    let grows = (magnitude > 0x3f800000u) == exponent.is_positive;
    return signed * from_bits(select(0u, INFINITY_BITS, grows));
  }
  return scaled_power(signed, magnitude, select(y, 0f, endless), less);
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  out[OUT_AT + index] = power(1f, a[A_AT + at.x], b[B_AT + at.y], false);
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= COUNT) { return; }
  let at = operands_of(index);
  let x = a[A_AT + at.x];
  let y = b[B_AT + at.y];
  let dy = dout[DOUT_AT + index];
  // By its bits, because some adapters read subnormal numbers as 0, and their logarithms are far from that of 0.
  let x_is_0 = bitcast<u32>(x) << 1u == 0u;
  if (TO_BASE) {
    out[OUT_AT + index] = select(dy * power(y, x, y, true), 0f, y == 0f);
  } else {
    out[OUT_AT + index] = select(dy * power(natural_log(x), x, y, false), 0f, x_is_0 && y >= 0f);
  }
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/broadcast.wgsl
