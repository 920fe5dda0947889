// gates: erf and the functions that multiply x by a gate that rises from 0 to 1, and dinp = dout times their
// derivatives. Functions of e^−w stay accurate far below 0: w is kept as a head and a tail, and x is multiplied in
// before the power of 2, because that power alone could be subnormal when the product isn't.

const ERF = 0u;
const GELU = 1u; // x · Φ(x), where Φ is the normal distribution function
const GELU_TANH = 2u; // x · ½ (1 + tanh(√(2/π) (x + 0.044715 x³)))
const SILU = 3u; // x · sigmoid(x)
const HARD_SIGMOID = 4u; // α · x + β, clipped to [0, 1]
const HARD_SWISH = 5u; // x · (x + 3) / 6 between −3 and 3, 0 below and x above

const OP = ERF;
const ALPHA = 0.166666667f; // α and β of the hard sigmoid
const BETA = 0.5f;
const COUNT = 64u;

@group(0) @binding(0) var<storage, read> inp: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>; // the input
@group(0) @binding(4) var<storage, read_write> dinp: array<f32>;

// The first 12 bits of x: the product of two such numbers is exact.
fn head(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// e^−(w + tail) for w in [0, 170] and a small tail, as m · 2ⁿ.
struct Power {
  m: f32,
  n: i32,
}

fn exp_negative(w: f32, tail: f32) -> Power {
  let split = by_ln2(-w);
  return Power(1f + expm1_near_0(split.y - tail), i32(split.x));
}

// e^−(factor · x²) for a factor that is 1 or ½.
fn bell(factor: f32, x: f32) -> Power {
  let h = head(x);
  return exp_negative(factor * h * h, factor * ((x - h) * (x + h)));
}

// erf for |x| ≤ 1: x + x · (a series in x²).
fn erf_near_0(x: f32) -> f32 {
  let z = x * x;
  let tail = 0.005187162f + z * (-0.0007997853f + z * 7.806903e-5f);
  return x + x * (0.12837917f + z * (-0.37612626f + z * (0.11283579f + z * (-0.026853347f + z * tail))));
}

// e^(z²) · (1 − erf z) for z in [0.7, 10.6]: 1 / (1 + 2z) times a minimax polynomial of (z − 2) / (z + 2).
fn erfcx(z: f32) -> f32 {
  let q = (z - 2f) / (z + 2f);
  let tail = -0.008003250f + q * (0.008772535f + q * (0.0010683738f + q * -0.0014862514f));
  let rest = -0.16602980f + q * (0.16404982f + q * (-0.054229870f + q * tail));
  return (1.2769784f + q * (-0.092763826f + q * rest)) / (1f + 2f * z);
}

const TWO_OVER_ROOT_PI = 1.12837917f;

fn erf(x: f32) -> f32 {
  let z = min(abs(x), 4.5f);
  let power = bell(1f, z);
  let far = 1f - scale(power.m * erfcx(max(z, 1f)), power.n);
  // For the smallest x, the correction may be subnormal, and lost.
  let near = select(erf_near_0(x), TWO_OVER_ROOT_PI * x, abs(x) < 0x1p-12f);
  return select(select(far, -far, x < 0f), near, abs(x) <= 1f);
}

const SQRT_HALF = 0.707106781f;

// x · Φ(x).
fn gelu(x: f32) -> f32 {
  let t = min(abs(x), 15f);
  let z = t * SQRT_HALF;
  let power = bell(0.5f, t);
  let tail = scale(t * (0.5f * power.m * erfcx(max(z, 0.7f))), power.n); // |x| · Φ(−|x|)
  let near = x * (0.5f + 0.5f * erf_near_0(clamp(x, -1f, 1f) * SQRT_HALF));
  return select(select(x - tail, -tail, x < 0f), near, t <= 1f);
}

// Φ(x) + x · φ(x).
fn gelu_slope(x: f32) -> f32 {
  let t = min(abs(x), 15f);
  let z = t * SQRT_HALF;
  let power = bell(0.5f, t);
  let density = 0.398942280f * t;
  let tail = scale(power.m * (0.5f * erfcx(max(z, 0.7f)) - density), power.n);
  let near = 0.5f + 0.5f * erf_near_0(min(z, 1f)) + scale(power.m * density, power.n); // at |x|
  let above = select(1f - tail, near, t <= 1f);
  let below = select(tail, 1f - near, t <= 1f);
  return select(above, below, x < 0f);
}

// A gate 1 / (1 + e^−w) for x ≥ 0: e^−w, and how fast w grows with x.
struct Gate {
  power: Power,
  growth: f32,
}

// 2 √(2/π) as its first 12 bits and the remainder, and 0.044715 times that.
const LINEAR_HEAD = 0x1.988000p+0f;
const LINEAR_LOW = 6.59966e-05f;
const CUBIC_HEAD = 0x1.244p-4f;
const CUBIC_LOW = 4.7186163e-6f;

// The gate at |x|, for |x| ≤ 100.
fn gate(x: f32) -> Gate {
  let t = abs(x);
  if (OP == SILU) { return Gate(exp_negative(t, 0f), 1f); }
  // w = t · (c + c′ · t²), computed with heads, whose products are exact, and tails.
  let h = head(t);
  let square = head(h * h);
  let square_tail = (h * h - square) + (t - h) * (t + h);
  let product = CUBIC_HEAD * square;
  let sum = head(product + LINEAR_HEAD);
  let sum_tail = (product - (sum - LINEAR_HEAD)) + (CUBIC_HEAD * square_tail + CUBIC_LOW * (t * t) + LINEAR_LOW);
  let power = exp_negative(h * sum, (t - h) * sum + t * sum_tail);
  return Gate(power, LINEAR_HEAD + LINEAR_LOW + 3f * (CUBIC_HEAD + CUBIC_LOW) * (t * t));
}

// Beyond this, gates are 0 or 1 to the last bit.
const REACH = select(110f, 11f, OP == GELU_TANH);

fn gated(x: f32) -> f32 {
  let t = clamp(x, -REACH, REACH);
  let power = gate(t).power;
  let e = scale(power.m, power.n);
  return select(x / (1f + e), scale(t * power.m / (1f + e), power.n), x < 0f);
}

fn gated_slope(x: f32) -> f32 {
  let t = clamp(x, -REACH, REACH);
  let here = gate(t);
  let e = scale(here.power.m, here.power.n);
  let rise = t * here.growth / (1f + e);
  let below = scale((1f + rise) / (1f + e) * here.power.m, here.power.n);
  let above = (1f + scale(rise * here.power.m, here.power.n)) / (1f + e);
  return select(above, below, x < 0f);
}

// α · x + β. If α is 0, it is β at infinity too.
fn line(x: f32) -> f32 {
  return select(ALPHA * x, 0f, ALPHA == 0f) + BETA;
}

fn value(x: f32) -> f32 {
  switch OP {
    case ERF: { return erf(x); }
    case GELU: { return gelu(x); }
    case HARD_SIGMOID: { return clamp(line(x), 0f, 1f); }
    case HARD_SWISH: { return select(x * (min(x + 3f, 6f) / 6f), 0f, x <= -3f); }
    default: { return gated(x); }
  }
}

fn slope(x: f32) -> f32 {
  let y = line(x);
  switch OP {
    case ERF: {
      let power = bell(1f, min(abs(x), 10.6f));
      return scale(TWO_OVER_ROOT_PI * power.m, power.n);
    }
    case GELU: { return gelu_slope(x); }
    case HARD_SIGMOID: { return select(0f, ALPHA, y > 0f && y < 1f); }
    case HARD_SWISH: { return select(select((2f * x + 3f) / 6f, 1f, x >= 3f), 0f, x <= -3f); }
    default: { return gated_slope(x); }
  }
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) {
    let x = inp[INP_AT + i];
    out[OUT_AT + i] = select(value(x), x, is_nan(x));
  }
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) {
    let x = kept[KEPT_AT + i];
    dinp[DINP_AT + i] = dout[DOUT_AT + i] * select(slope(x), x, is_nan(x));
  }
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
