// unary: out[i] = f(inp[i]), and dinp[i] = dout[i] · f'(…), where the derivative is taken from the
// input or, where that is enough, from the output, so that the input need not be kept.

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

const OP = RELU;
const ALPHA = 0.2f; // slope of leaky relu below 0; what elu tends to, with its sign changed
// Limits of clip, as bits: they may be infinite.
const LOW_BITS = 0xff800000u;
const HIGH_BITS = 0x7f800000u;
const COUNT = 64u;

// Where each array starts in its binding, in 32-bit words.
const INP_AT = 0u;
const OUT_AT = 0u;
const DOUT_AT = 0u;
const KEPT_AT = 0u;
const DINP_AT = 0u;

@group(0) @binding(0) var<storage, read> inp: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>; // the input, or the output: see `slope` and `pull`
@group(0) @binding(4) var<storage, read_write> dinp: array<f32>;

fn value(x: f32) -> f32 {
  switch OP {
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

// What flows back through f where dy flows into it; chosen, not multiplied by 0, where f is flat.
fn pull(dy: f32, v: f32) -> f32 {
  switch OP {
    case RELU: { return select(0f, dy, v > 0f || is_nan(v)); } // of the output; NaN's is PyTorch's
    case CLIP: { // of the input; none at NaN
      return select(0f, dy, v >= from_bits(LOW_BITS) && v <= from_bits(HIGH_BITS) && !is_nan(v));
    }
    default: { return dy * slope(v); }
  }
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i < COUNT) { out[OUT_AT + i] = value(inp[INP_AT + i]); }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i < COUNT) { dinp[DINP_AT + i] = pull(dout[DOUT_AT + i], kept[KEPT_AT + i]); }
}
// appended: lib/numbers.wgsl
