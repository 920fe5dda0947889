// adam: one update of every parameter of a network (Kingma and Ba 2015). Parameters, gradients and moments are one
// arena each. PyTorch's convention: p −= lr · m̂ / (√v̂ + ε). Keras's: p −= α · m / (√v + ε) with
// α = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ), so ε is not corrected. Each invocation updates four parameters, because loads and
// stores are its whole cost.

const FOURS = 16u;
const LEARNING_RATE = 0.001f;
const RATE_ON_DEVICE = false; // whether the learning rate is multiplied by `rate`
const WEIGHT_DECAY = 0f; // decoupled: p is multiplied by 1 − lr · WEIGHT_DECAY (Loshchilov and Hutter 2019)
const BETA1 = 0.9f;
const BETA2 = 0.999f;
const REST1 = 0.1f; // 1 − β1, rounded on the host from float64
const REST2 = 0.001f;
const EPSILON = 1e-7f;
const KERAS = false; // whether ε is added to √v, not to √v̂

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> first: array<vec4f>; // running mean of gradients
@group(0) @binding(3) var<storage, read_write> second: array<vec4f>; // running mean of their squares
@group(0) @binding(4) var<storage, read> corrections: array<f32>; // 1 − β1ᵗ and 1 − β2ᵗ after the t previous updates
@group(0) @binding(5) var<storage, read> rate: array<f32>; // (1)

fn learning_rate() -> f32 {
  if (RATE_ON_DEVICE) { return LEARNING_RATE * rate[RATE_AT]; }
  return LEARNING_RATE;
}

@compute @workgroup_size(64)
fn update(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= FOURS) { return; }
  // The corrections of this update: counters.wgsl advances the stored ones after all have read them.
  let correction1 = BETA1 * corrections[CORRECTIONS_AT] + REST1;
  let correction2 = BETA2 * corrections[CORRECTIONS_AT + 1] + REST2;
  let g = gradients[GRADIENTS_AT / 4u + i];
  let m = BETA1 * first[FIRST_AT / 4u + i] + REST1 * g;
  let v = BETA2 * second[SECOND_AT / 4u + i] + REST2 * (g * g);
  first[FIRST_AT / 4u + i] = m;
  second[SECOND_AT / 4u + i] = v;
  let at = PARAMETERS_AT / 4u + i;
  if (WEIGHT_DECAY > 0f) { parameters[at] *= 1f - learning_rate() * WEIGHT_DECAY; }
  if (KERAS) {
    parameters[at] -= (learning_rate() * sqrt(correction2) / correction1) * m / (sqrt(v) + EPSILON);
  } else {
    parameters[at] -= learning_rate() * (m / correction1) / (sqrt(v / correction2) + EPSILON);
  }
}
// appended: lib/invocation.wgsl
