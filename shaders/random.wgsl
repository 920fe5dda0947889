// random: uniform, normal and Bernoulli noise, and dropout, drawn on the device from the Rng's state. A mask isn't
// stored, because the backward draws the same one again. If ranks share a draw, each draws its part (lib/drawn.wgsl).

const COUNT = 64u;
const STREAM = 0u;
const LOW = 0f; // of the uniform range
const HIGH = 1f;
const MEAN = 0f; // of the normal distribution
const DEVIATION = 1f;
const PROBABILITY = 0.5f; // of a 1
const RATE = 0.5f; // the fraction of elements that dropout sets to 0
const SCALE = 2f; // 1 / (1 − RATE)

@group(0) @binding(0) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(1) var<storage, read> inp: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn draw(block: u32) -> vec4u {
  return philox(vec4u(block, state[STATE_AT + 2], STREAM, 0u), vec2u(state[STATE_AT], state[STATE_AT + 1]));
}

// Whether any four neighbours come from one draw: not if a rank's part begins in the middle of one.
const WHOLE_BLOCKS = DRAWN_PART % 4u == 0u;

// The words of the four elements from 4 · block on.
fn draw_four(block: u32) -> vec4u {
  if (WHOLE_BLOCKS) { return draw(drawn(block * 4u) / 4u); }
  var words = vec4u();
  for (var i = 0u; i < 4u; i++) {
    let at = drawn(block * 4u + i);
    words[i] = draw(at / 4u)[at % 4u];
  }
  return words;
}

// The normal numbers of those elements. Two neighbours of a draw share their words.
fn normal_four(block: u32) -> vec4f {
  if (WHOLE_BLOCKS) { return normals(draw(drawn(block * 4u) / 4u)); }
  var values = vec4f();
  for (var i = 0u; i < 4u; i++) {
    let at = drawn(block * 4u + i);
    values[i] = normals(draw(at / 4u))[at % 4u];
  }
  return values;
}

fn normals(words: vec4u) -> vec4f {
  return vec4f(normal_pair(words.xy), normal_pair(words.zw));
}

// Four elements per invocation, as many as one draw returns.
@compute @workgroup_size(64)
fn uniform_noise(invocation: Invocation) {
  let block = flat_index(invocation);
  if (block * 4u >= COUNT) { return; }
  let words = draw_four(block);
  for (var i = 0u; i < 4u && block * 4u + i < COUNT; i++) {
    out[OUT_AT + block * 4u + i] = LOW + (HIGH - LOW) * unit(words[i]);
  }
}

@compute @workgroup_size(64)
fn normal_noise(invocation: Invocation) {
  let block = flat_index(invocation);
  if (block * 4u >= COUNT) { return; }
  let values = normal_four(block);
  for (var i = 0u; i < 4u && block * 4u + i < COUNT; i++) {
    out[OUT_AT + block * 4u + i] = MEAN + DEVIATION * values[i];
  }
}

@compute @workgroup_size(64)
fn bernoulli_noise(invocation: Invocation) {
  let block = flat_index(invocation);
  if (block * 4u >= COUNT) { return; }
  let words = draw_four(block);
  for (var i = 0u; i < 4u && block * 4u + i < COUNT; i++) {
    out[OUT_AT + block * 4u + i] = select(0f, 1f, unit(words[i]) < PROBABILITY);
  }
}

// Both the forward and the backward. Dropped elements are selected, not multiplied by zero, so that a dropped infinity
// becomes 0.
@compute @workgroup_size(64)
fn dropout(invocation: Invocation) {
  let block = flat_index(invocation);
  if (block * 4u >= COUNT) { return; }
  let words = draw_four(block);
  for (var i = 0u; i < 4u && block * 4u + i < COUNT; i++) {
    let at = block * 4u + i;
    out[OUT_AT + at] = select(0f, inp[INP_AT + at] * SCALE, unit(words[i]) >= RATE);
  }
}
// appended: lib/invocation.wgsl
// appended: lib/drawn.wgsl
// appended: lib/philox.wgsl
