// activation: functions of one element and their derivatives; a shader is specialised to one of them.

const RELU = 0u;
const LEAKY_RELU = 1u;
const TANH = 2u;
const SIGMOID = 3u;
const SOFTPLUS = 4u;
const EXP = 5u;
const LOG = 6u;
const SQRT = 7u;
const SQUARE = 8u;
const ABS = 9u;
const NEG = 10u;
const RECIPROCAL = 11u;
const ELU = 12u;
const CLIP = 13u;
const IDENTITY = 14u;

const OP = IDENTITY;
const ALPHA = 0.2f; // the slope of leaky relu below 0; elu tends to −ALPHA
// The limits of clip, as bits, because they may be infinite.
const LOW_BITS = 0xff800000u;
const HIGH_BITS = 0x7f800000u;

fn value(x: f32) -> f32 {
  switch OP {
    case IDENTITY: { return x; }
    case RELU: { return select(select(0f, x, x > 0f), x, is_nan(x)); }
    case LEAKY_RELU: { return select(ALPHA * x, x, x > 0f); }
    case TANH: { return safe_tanh(x); }
    case SIGMOID: { return safe_sigmoid(x); }
    case SOFTPLUS: { return safe_softplus(x); }
    case EXP: { return natural_exp(x); }
    case LOG: { return natural_log(x); }
    case SQRT: { return sqrt(x); }
    case SQUARE: { return x * x; }
    case ABS: { return abs(x); }
    case NEG: { return -x; }
    case ELU: { return select(ALPHA * expm1_negative(x), x, x > 0f); }
    case CLIP: {
      let low = from_bits(LOW_BITS);
      let high = from_bits(HIGH_BITS);
      return select(select(select(x, high, x > high), low, x < low), x, is_nan(x));
    }
    default: { return 1f / x; }
  }
}

fn slope(v: f32) -> f32 {
  switch OP {
    case LEAKY_RELU: { return select(ALPHA, 1f, v > 0f); } // of the input
    case TANH: { return (1f - v) * (1f + v); } // of the output
    case SIGMOID: { return v * (1f - v); } // of the output
    case SOFTPLUS: { return safe_sigmoid(v); } // of the input
    case EXP: { return v; } // of the output
    case LOG: { return 1f / v; } // of the input
    case SQRT: { return 0.5f / v; } // of the output
    case SQUARE: { return 2f * v; } // of the input
    case ABS: { return select(select(select(0f, -1f, v < 0f), 1f, v > 0f), v, is_nan(v)); } // of the input
    case NEG: { return -1f; }
    case ELU: { return select(ALPHA * natural_exp(v), 1f, v > 0f); } // of the input
    default: { return -(v * v); } // of the output
  }
}

// The gradient before f from dy, the gradient after it. Where f is flat, 0 is selected, not made by multiplication.
fn activation_gradient(dy: f32, v: f32) -> f32 {
  switch OP {
    case IDENTITY: { return dy; }
    case RELU: { return select(0f, dy, v > 0f || is_nan(v)); } // of the output; at NaN as in PyTorch
    case CLIP: { // of the input; none at NaN
      return select(0f, dy, v >= from_bits(LOW_BITS) && v <= from_bits(HIGH_BITS) && !is_nan(v));
    }
    default: { return dy * slope(v); }
  }
}
// appended: lib/numbers.wgsl
