// numbers: what f32 arithmetic needs in order to behave alike on every adapter.

// Compilers fold x != x to false: NaN is known by its bits.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// exp overflows in some implementations' tanh; past ±15 the result is ±1 in f32 anyway.
fn safe_tanh(x: f32) -> f32 {
  // Near 0 the odd series keeps the relative error small where (e − 1) / (e + 1) would cancel.
  let x2 = x * x;
  let small = x * (1f + x2 * (-1f / 3f + x2 * (2f / 15f + x2 * (-17f / 315f + x2 * (62f / 2835f)))));
  let e = exp(2f * clamp(x, -15f, 15f));
  let large = 1f - 2f / (e + 1f);
  return select(select(large, small, abs(x) < 0.35f), x, is_nan(x));
}

// Both branches of exp stay in [0, 1], so neither overflows.
fn safe_sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(select(e, 1f, x >= 0f) / (1f + e), x, is_nan(x));
}

// log(1 + x) for x in [0, 1], as 2·atanh(x / (2 + x)): plain log gives 0 below 6e-8, and loses digits
// long before. The series' argument is at most 1/3, so eight terms reach f32.
fn log1p(x: f32) -> f32 {
  let s = x / (2f + x);
  let q = s * s;
  let tail = 1f / 9f + q * (1f / 11f + q * (1f / 13f + q * (1f / 15f)));
  return 2f * s * (1f + q * (1f / 3f + q * (1f / 5f + q * (1f / 7f + q * tail))));
}
