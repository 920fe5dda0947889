// sgd: one update of every parameter of a network. Parameters, gradients and velocities are one arena each. As in
// PyTorch, g += decay · p; v = momentum · v + (1 − dampening) · g, but v = g in the first step; p −= lr · v, or with
// Nesterov p −= lr · (g + momentum · v).

const COUNT = 64u;
const LEARNING_RATE = 0.01f;
const RATE_ON_DEVICE = false; // whether the learning rate is multiplied by `rate`
const MOMENTUM = 0.9f;
const KEEP = 1f; // 1 − dampening, rounded on the host from float64
const NESTEROV = false;
const WEIGHT_DECAY = 0f;

@group(0) @binding(0) var<storage, read> gradients: array<f32>;
@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read_write> velocities: array<f32>;
@group(0) @binding(3) var<storage, read> started: array<f32>; // 0 before the first update, then 1
@group(0) @binding(4) var<storage, read> rate: array<f32>; // (1)

fn learning_rate() -> f32 {
  if (RATE_ON_DEVICE) { return LEARNING_RATE * rate[RATE_AT]; }
  return LEARNING_RATE;
}

fn decayed_gradient(i: u32) -> f32 {
  let g = gradients[GRADIENTS_AT + i];
  if (WEIGHT_DECAY == 0f) { return g; } // so that 0 · an infinite parameter doesn't become NaN
  return g + WEIGHT_DECAY * parameters[PARAMETERS_AT + i];
}

// The update without momentum, which needs no velocities.
@compute @workgroup_size(64)
fn descend(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  parameters[PARAMETERS_AT + i] -= learning_rate() * decayed_gradient(i);
}

@compute @workgroup_size(64)
fn roll(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let g = decayed_gradient(i);
  let v = select(g, MOMENTUM * velocities[VELOCITIES_AT + i] + KEEP * g, started[STARTED_AT] != 0f);
  velocities[VELOCITIES_AT + i] = v;
  let step = select(v, g + MOMENTUM * v, NESTEROV);
  parameters[PARAMETERS_AT + i] -= learning_rate() * step;
}
// appended: lib/invocation.wgsl
