// epilogue: what a heavy kernel does to each element before storing it, so that no other launch has to read it again.
// Forward, it computes y = dropout(f(v + bias)). Backward (BACK), it multiplies v, the gradient of an epilogue's result
// `kept`, by the epilogue's derivative.
//
// The shader that appends this defines COLUMNS, the extent of its result's last axis.

const WITH_BIAS = false;
const BACK = false;
const DROPS = false; // f must then be leaky relu, relu or nothing, because `kept` shows f's sign even after dropout
const STREAM = 0u;
const RATE = 0f; // the fraction of elements that dropout sets to 0
const SCALE = 1f; // 1 / (1 − RATE)
const FIRST = 0u; // where `kept` starts in the array that the mask was drawn for; a multiple of COLUMNS

// Element types; f16 and vec4h if the array is stored as f16.
alias Kept = f32;

@group(0) @binding(10) var<storage, read> bias: array<f32>; // (COLUMNS)
@group(0) @binding(11) var<storage, read> kept: array<Kept>; // in the result's shape
@group(0) @binding(12) var<storage, read> state: array<u32>; // seed low, seed high, step

// The place in the draw of the element at index `at` of the result.
fn place_in_draw(at: u32) -> u32 {
  return drawn(FIRST + at);
}

fn mask_words(element: u32) -> vec4u {
  return philox(vec4u(element >> 2u, state[STATE_AT + 2], STREAM, 0u), vec2u(state[STATE_AT], state[STATE_AT + 1]));
}

// Whether dropout keeps the element at `at`.
fn keeps(at: u32) -> bool {
  let element = place_in_draw(at);
  return unit(mask_words(element)[element % 4u]) >= RATE;
}

// The element at index `at` of the result, in column `c`. Dropped elements are selected, not multiplied by 0.
fn epilogue(v: f32, at: u32, c: u32) -> f32 {
  var y = v;
  if (!BACK) {
    if (WITH_BIAS) { y += bias[BIAS_AT + c]; }
    y = value(y);
  }
  if (DROPS) { y = select(0f, y * SCALE, keeps(at)); }
  if (BACK) { y = activation_gradient(y, f32(kept[KEPT_AT + at])); }
  return y;
}

// Four neighbours from `at` on, in columns c to c + 3. Those past the last column have no meaning.
fn epilogue4(v: vec4f, at: u32, c: u32) -> vec4f {
  let column = min(vec4u(c, c + 1u, c + 2u, c + 3u), vec4u(COLUMNS - 1u));
  let index = vec4u(at) + column - c;
  if (COLUMNS % 4u != 0u) {
    return vec4f(
      epilogue(v.x, index.x, column.x), epilogue(v.y, index.y, column.y), epilogue(v.z, index.z, column.z), epilogue(v.w, index.w, column.w),
    );
  }
  var y = v;
  if (!BACK) {
    if (WITH_BIAS) {
      y += vec4f(bias[BIAS_AT + column.x], bias[BIAS_AT + column.y], bias[BIAS_AT + column.z], bias[BIAS_AT + column.w]);
    }
    y = vec4f(value(y.x), value(y.y), value(y.z), value(y.w));
  }
  if (DROPS) {
    let words = mask_words(place_in_draw(at)); // a multiple of 4, so one draw serves all four
    let keep = vec4f(unit(words.x), unit(words.y), unit(words.z), unit(words.w)) >= vec4f(RATE);
    y = select(vec4f(), y * SCALE, keep);
  }
  if (BACK) {
    y = vec4f(
      activation_gradient(y.x, f32(kept[KEPT_AT + index.x])), activation_gradient(y.y, f32(kept[KEPT_AT + index.y])), activation_gradient(y.z, f32(kept[KEPT_AT + index.z])), activation_gradient(y.w, f32(kept[KEPT_AT + index.w])),
    );
  }
  return y;
}
// appended: lib/activation.wgsl
// appended: lib/drawn.wgsl
// appended: lib/philox.wgsl
