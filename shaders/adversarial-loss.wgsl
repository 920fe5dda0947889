// adversarial loss: both losses of a GAN's step, their gradients and the discriminator's verdicts. They are computed
// from its outputs on COUNT real images and on as many generated images after them:
//   lossD = mean as_real(real) + mean as_fake(fake), lossG = mean as_real(fake)
// or, of pairs, lossD = mean as_fake(fake − real), lossG = mean as_real(fake − real).
// For logits, as_real(x) = softplus(−x), the cross-entropy of the label 1, with slope −σ(−x); as_fake(x) = softplus(x),
// with slope σ(x). Both are exact in both tails. If classes are known, an image's output is that of its own class. The
// four scalars are also written to the ring, in the step's slot.

const COUNT = 64u;
const CLASSES = 1u; // outputs per image
const LOGITS = 0u;
const HINGE = 1u; // max(0, 1 ∓ x) for the discriminator, −x for the generator
const PAIRED = 2u; // of how far each output lies above that of its pair, as logits
const PROBABILITIES = 3u; // −log p and −log(1 − p), with p clipped to [LOW, HIGH] and no slope outside it
const CLAMPED = 4u; // the same with logarithms ≥ LOG_LOW, and slopes divided by max(p · (1 − p), 1e-12)
const FORM = 0u;
const LOW = 1e-7f;
const HIGH = 0.9999999f;
const LOG_LOW = -100f;
const SMOOTHING = 0f; // the discriminator's label of real images is 1 − SMOOTHING
const RATIOS = false; // whether to write ratios, and to keep the slopes of d_discriminator that they divide by from vanishing
const LEAST = 8.6736174e-19f; // 2⁻⁶⁰: far above what layers below may shrink to 0, far below what an optimizer sees
const RECORD = true;
const CAPACITY = 64u; // steps that the ring holds

@group(0) @binding(0) var<storage, read> outputs: array<f32>; // (2 · COUNT, CLASSES)
@group(0) @binding(1) var<storage, read> labels: array<i32>; // (COUNT), for both halves; not read if there is one class
@group(0) @binding(2) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(3) var<storage, read_write> scalars: array<f32>; // lossD, lossG, mean verdict on real and fake
@group(0) @binding(4) var<storage, read_write> ring: array<f32>; // (CAPACITY, 4)
@group(0) @binding(5) var<storage, read_write> d_discriminator: array<f32>; // (2 · COUNT, CLASSES), of lossD
@group(0) @binding(6) var<storage, read_write> d_generator: array<f32>; // (COUNT, CLASSES), of lossG
@group(0) @binding(7) var<storage, read_write> ratios: array<f32>; // (COUNT), of d_generator to d_discriminator

var<workgroup> sums: array<vec4f, 64>; // each lane's sums, in the order of the scalars

// The loss of an output and its slope, for an image that should be judged real, and below for a fake one.
fn as_real(x: f32) -> vec2f {
  if (FORM == HINGE) { return hinge(x, -1f); }
  if (FORM == PROBABILITIES) { return vec2f(-natural_log(held(x)), select(-1f / x, 0f, is_out(x))); }
  if (FORM == CLAMPED) { return vec2f(-bounded(natural_log(x)), (x - 1f) / variance(x)); }
  return vec2f(safe_softplus(-x), -safe_sigmoid(-x));
}

fn as_fake(x: f32) -> vec2f {
  if (FORM == HINGE) { return hinge(x, 1f); }
  if (FORM == PROBABILITIES) { return vec2f(-log_of_other(held(x)), select(1f / (1f - x), 0f, is_out(x))); }
  if (FORM == CLAMPED) { return vec2f(-bounded(log_of_other(x)), x / variance(x)); }
  return vec2f(safe_softplus(x), safe_sigmoid(x));
}

fn generator_loss(x: f32) -> vec2f {
  if (FORM == HINGE) { return vec2f(-x, -1f); }
  return as_real(x);
}

// max(0, 1 + sign · x) and its slope. NaN stays NaN.
fn hinge(x: f32, sign: f32) -> vec2f {
  return select(vec2f(1f + sign * x, sign), vec2f(), sign * x <= -1f);
}

fn is_out(p: f32) -> bool {
  return (p < LOW) | (p > HIGH);
}

// p clipped to [LOW, HIGH]. NaN stays NaN.
fn held(p: f32) -> f32 {
  return select(p, clamp(p, LOW, HIGH), is_out(p));
}

// A logarithm, at least LOG_LOW. NaN stays NaN.
fn bounded(logarithm: f32) -> f32 {
  return select(logarithm, LOG_LOW, logarithm < LOG_LOW);
}

fn variance(p: f32) -> f32 {
  return max(p * (1f - p), 1e-12f);
}

fn verdict(x: f32) -> f32 {
  if (FORM >= PROBABILITIES) { return x; }
  return safe_sigmoid(x);
}

// One workgroup. Each lane takes every 64th pair of images, and the first lane adds the lanes' sums in order.
@compute @workgroup_size(64)
fn losses(@builtin(local_invocation_index) lane: u32) {
  let zero = u32(lane >= 64u); // a zero that compilers can't see through: lavapipe takes a second to compile the unrolled sum
  var own = vec4f();
  for (var i = lane; i < COUNT; i += 64u) {
    var label = 0u;
    if (CLASSES > 1u) { label = min(u32(labels[LABELS_AT + i]), CLASSES - 1u); }
    let real = outputs[OUTPUTS_AT + i * CLASSES + label];
    let fake = outputs[OUTPUTS_AT + (COUNT + i) * CLASSES + label];
    var lead = vec2f(real, fake);
    if (FORM == PAIRED) { lead = vec2f(real - fake, fake - real); }
    var real_term = as_real(lead.x);
    if (SMOOTHING > 0f) { real_term = real_term * (1f - SMOOTHING) + as_fake(real) * SMOOTHING; }
    if (FORM == PAIRED) { real_term.x = 0f; } // a pair has one loss, which the fake term holds
    var fake_term = as_fake(lead.y);
    let generator_term = generator_loss(lead.y);
    if (RATIOS) {
      fake_term.y = select(fake_term.y, LEAST, fake_term.y < LEAST); // NaN stays NaN
      ratios[RATIOS_AT + i] = generator_term.y / fake_term.y;
    }
    own += vec4f(real_term.x + fake_term.x, generator_term.x, verdict(real), verdict(fake));
    for (var j = zero; j < CLASSES; j++) {
      let own_class = j == label;
      let at = i * CLASSES + j;
      d_discriminator[D_DISCRIMINATOR_AT + at] = select(0f, real_term.y / f32(COUNT), own_class);
      d_discriminator[D_DISCRIMINATOR_AT + COUNT * CLASSES + at] = select(0f, fake_term.y / f32(COUNT), own_class);
      d_generator[D_GENERATOR_AT + at] = select(0f, generator_term.y / f32(COUNT), own_class);
    }
  }
  sums[lane] = own;
  workgroupBarrier();
  if (lane > 0u) { return; }
  var total = vec4f();
  for (var i = zero; i < min(COUNT, 64u); i++) { total += sums[i]; }
  let means = total / f32(COUNT);
  let slot = RING_AT + (state[STATE_AT + 2] % CAPACITY) * 4u;
  for (var i = 0u; i < 4u; i++) {
    scalars[SCALARS_AT + i] = means[i];
    if (RECORD) { ring[slot + i] = means[i]; }
  }
}
// appended: lib/numbers.wgsl
