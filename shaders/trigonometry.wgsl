// trigonometry: sin and cos, element by element, accurate to a float32 step at any argument; and dinp = dout times the
// derivative, which is the function a quarter turn further.
//
// An argument is reduced in integers (Payne and Hanek 1983): its 24 digits are multiplied by the digits of 2/π that
// matter. So quarter turns are counted exactly and the rest keeps all its digits, however large the argument is. After
// fdlibm's k_sin.c and k_cos.c.

const QUARTER = 0u; // how many quarter turns are added: none for sin, one for cos
const COUNT = 64u;

@group(0) @binding(0) var<storage, read> inp: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>; // the input
@group(0) @binding(4) var<storage, read_write> dinp: array<f32>;

// The digits of 2/π, after 32 zeros.
const TWO_OVER_PI = array<u32, 8>(
  0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu,
);
const HALF_PI = 0xc90fdaa2u; // · 2⁻³¹

// 32 of those digits, from digit `start` on.
fn digits_from(start: u32) -> u32 {
  let high = TWO_OVER_PI[start >> 5u];
  let low = TWO_OVER_PI[min((start >> 5u) + 1u, 7u)];
  let shift = start & 31u;
  return (high << shift) | ((low >> 1u) >> (31u - shift));
}

// An angle as quarter turns and a rest within an eighth of a turn, which is a head and a tail.
struct Angle {
  quarters: u32,
  head: f32,
  tail: f32,
}

// An angle of magnitude 1/2 or more, given its bits.
fn reduced(magnitude: u32) -> Angle {
  let digits = ((magnitude & 0x007fffffu) | 0x00800000u) << 8u; // · 2^(start − 32)
  let start = (magnitude >> 23u) - 126u;
  // The product in quarter turns: whole ones mod 2³², and a fraction of 64 bits. Higher digits of 2/π only count whole
  // turns, and lower digits count less than the last bit.
  let top = digits_from(start);
  let middle = digits_from(start + 32u);
  let bottom = digits_from(start + 64u);
  let low_part = digits * middle;
  let low = low_part + mul_high(digits, bottom);
  let high_part = digits * top;
  let carried = mul_high(digits, middle) + select(0u, 1u, low < low_part);
  let high = high_part + carried;
  let quarters = mul_high(digits, top) + select(0u, 1u, high < high_part);
  // Round to the nearest quarter turn: the rest is negative past one half.
  let past = high >= 0x80000000u;
  let rest_low = select(low, 0u - low, past);
  let rest_high = select(high, ~high + select(0u, 1u, low == 0u), past);
  // Its first 32 digits, times π/2.
  let none_high = rest_high == 0u;
  let first = select(rest_high, rest_low, none_high);
  let second = select(rest_low, 0u, none_high);
  let zeros = countLeadingZeros(first) & 31u;
  let normal = (first << zeros) | ((second >> 1u) >> (31u - zeros));
  let radians = mul_high(normal, HALF_PI);
  let unit = power_of_2(-31 - i32(zeros) - select(0, 32, none_high)) * select(1f, -1f, past);
  return Angle(
    quarters + select(0u, 1u, past),
    f32(radians & 0xffffff00u) * unit,
    f32(radians & 0xffu) * unit,
  );
}

// sin of head + tail, within an eighth of a turn.
fn sin_near_0(head: f32, tail: f32) -> f32 {
  let z = head * head;
  let v = z * head;
  let series = 0.008332189f + z * -0.00019518285f;
  return head - ((z * (0.5f * tail - v * series) - tail) - v * -0.16666655f);
}

// cos of head + tail, within an eighth of a turn.
fn cos_near_0(head: f32, tail: f32) -> f32 {
  let z = head * head;
  let series = 0.041666646f + z * (-0.0013887311f + z * 2.4432564e-5f);
  let half = 0.5f * z;
  let w = fence(1f - half); // without it, compilers would simplify (1 − w) − half to 0
  return w + (((1f - w) - half) + (z * z * series - head * tail));
}

// sin(x + quarter · π/2).
fn sin_from(x: f32, quarter: u32) -> f32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  let negative = bits > magnitude;
  var angle = reduced(clamp(magnitude, 0x3f000000u, 0x7f7fffffu));
  if (magnitude < 0x3f490fdbu) { angle = Angle(0u, bitcast<f32>(magnitude), 0f); } // π/4
  // sin(−a + q) = −sin(a − q).
  let turned = select(angle.quarters + quarter, angle.quarters - quarter, negative);
  let sine = sin_near_0(angle.head, angle.tail);
  let y = select(sine, cos_near_0(angle.head, angle.tail), (turned & 1u) == 1u);
  let signed = select(y, -y, ((turned & 2u) == 2u) != negative);
  return select(signed, from_bits(NAN_BITS), magnitude >= INFINITY_BITS);
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) { out[OUT_AT + i] = sin_from(inp[INP_AT + i], QUARTER); }
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) { dinp[DINP_AT + i] = dout[DOUT_AT + i] * sin_from(kept[KEPT_AT + i], QUARTER + 1u); }
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/mul-high.wgsl
