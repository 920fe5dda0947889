// adversarial loss: both losses of a GAN's step, their gradients and the discriminator's verdicts, from its logits
// of COUNT real images and of as many generated ones behind them:
//   lossD = mean CE(1, real) + mean CE(0, fake), lossG = mean CE(1, fake),
// where CE(1, x) = softplus(−x), with slope −σ(−x), and CE(0, x) = softplus(x), with slope σ(x): exact in both
// tails. The four scalars also go into the ring, at the step's slot.

const COUNT = 64u;
const RECORD = true;
const CAPACITY = 64u; // steps that the ring holds

// Where each array starts in its binding, in 32-bit words.
const LOGITS_AT = 0u;
const STATE_AT = 0u;
const SCALARS_AT = 0u;
const RING_AT = 0u;
const D_DISCRIMINATOR_AT = 0u;
const D_GENERATOR_AT = 0u;

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (2 · COUNT)
@group(0) @binding(1) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(2) var<storage, read_write> scalars: array<f32>; // lossD, lossG, mean σ(real), mean σ(fake)
@group(0) @binding(3) var<storage, read_write> ring: array<f32>; // (CAPACITY, 4)
@group(0) @binding(4) var<storage, read_write> d_discriminator: array<f32>; // (2 · COUNT): of lossD
@group(0) @binding(5) var<storage, read_write> d_generator: array<f32>; // (COUNT): of lossG, by the fake ones

var<workgroup> sums: array<vec4f, 64>; // what each lane found, in the order of the scalars

// One workgroup: each lane takes every 64th pair, and the first one adds what they found, in order.
@compute @workgroup_size(64)
fn losses(@builtin(local_invocation_index) lane: u32) {
  let zero = u32(lane >= 64u); // in a way that compilers can't see: unrolled, lavapipe compiles the sum for a second
  var own = vec4f();
  for (var i = lane; i < COUNT; i += 64u) {
    let real = logits[LOGITS_AT + i];
    let fake = logits[LOGITS_AT + COUNT + i];
    let doubt_real = safe_sigmoid(-real);
    let doubt_fake = safe_sigmoid(-fake);
    let trust_fake = safe_sigmoid(fake);
    own += vec4f(safe_softplus(-real) + safe_softplus(fake), safe_softplus(-fake), safe_sigmoid(real), trust_fake);
    d_discriminator[D_DISCRIMINATOR_AT + i] = -doubt_real / f32(COUNT);
    d_discriminator[D_DISCRIMINATOR_AT + COUNT + i] = trust_fake / f32(COUNT);
    d_generator[D_GENERATOR_AT + i] = -doubt_fake / f32(COUNT);
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
