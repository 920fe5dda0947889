// softmax along one axis, its logarithm, and log Σ exp: y = exp(x − top) / Σ exp(x − top),
// log y = (x − top) − log Σ exp(x − top), log Σ exp(x) = top + log Σ exp(x − top), where top is the row's largest
// element. Each invocation takes one row of LENGTH elements, INNER apart. NaN in a row makes the row NaN. So does a
// largest element of ±∞, except that log Σ exp is then that element.

const ROWS = 64u;
const LENGTH = 8u;
const INNER = 1u; // elements of the axes after the softmax's
const LOG = false;

// Elements per run. Rounding grows with the length of a chain of additions, so rows are summed by runs, in four lanes.
const RUN = 128u;

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (outer, LENGTH, INNER), like all others
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // in log_sum_exp (outer, INNER)
@group(0) @binding(2) var<storage, read> dout: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>; // the forward's output
@group(0) @binding(4) var<storage, read_write> dinp: array<f32>;

fn first_of(row: u32) -> u32 {
  return (row / INNER) * LENGTH * INNER + row % INNER;
}

fn total(lanes: vec4f) -> f32 {
  return (lanes.x + lanes.y) + (lanes.z + lanes.w);
}

struct Sum {
  top: f32,
  rest: f32, // Σ exp(x − top) without the largest element's term, which is 1, so that a small rest stays accurate
  holds_nan: bool,
}

fn sum_of(first: u32) -> Sum {
  var top = inp[INP_AT + first];
  var top_at = first;
  var invalid = is_nan(top);
  for (var k = 1u; k < LENGTH; k++) {
    let at = first + k * INNER;
    let x = inp[INP_AT + at];
    invalid = invalid | is_nan(x);
    top_at = select(top_at, at, x > top);
    top = select(top, x, x > top);
  }
  var rests = vec4f();
  for (var start = 0u; start < LENGTH; start += RUN) {
    let end = min(LENGTH, start + RUN);
    var lanes = vec4f();
    var k = start;
    for (; k + 4u <= end; k += 4u) {
      let at = first + k * INNER;
      lanes += vec4f(term(at, top, top_at), term(at + INNER, top, top_at), term(at + 2u * INNER, top, top_at), term(at + 3u * INNER, top, top_at));
    }
    for (; k < end; k++) {
      lanes.x += term(first + k * INNER, top, top_at);
    }
    rests += lanes;
  }
  return Sum(top, total(rests), invalid);
}

fn is_infinite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) == INFINITY_BITS;
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let row = flat_index(invocation);
  if (row >= ROWS) { return; }
  let first = first_of(row);
  let sum = sum_of(first);
  let top = sum.top;
  let invalid = sum.holds_nan | is_infinite(top);
  let log_sum = log_one_plus(sum.rest);
  for (var k = 0u; k < LENGTH; k++) {
    let at = first + k * INNER;
    let x = inp[INP_AT + at];
    var y = 0f;
    if (LOG) {
      y = (x - top) - log_sum;
    } else {
      y = exp_difference(x, top) / (1f + sum.rest);
    }
    out[OUT_AT + at] = select(y, from_bits(NAN_BITS), invalid);
  }
}

fn term(at: u32, top: f32, top_at: u32) -> f32 {
  return select(exp_difference(inp[INP_AT + at], top), 0f, at == top_at);
}

@compute @workgroup_size(64)
fn log_sum_exp(invocation: Invocation) {
  let row = flat_index(invocation);
  if (row >= ROWS) { return; }
  let sum = sum_of(first_of(row));
  let y = select(sum.top + log_one_plus(sum.rest), sum.top, is_infinite(sum.top));
  out[OUT_AT + row] = select(y, from_bits(NAN_BITS), sum.holds_nan);
}

// dx = y · (dy − Σ dy · y); for the logarithm dx = dy − exp(log y) · Σ dy.
@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let row = flat_index(invocation);
  if (row >= ROWS) { return; }
  let first = first_of(row);
  var products = vec4f();
  for (var start = 0u; start < LENGTH; start += RUN) {
    let end = min(LENGTH, start + RUN);
    var lanes = vec4f();
    var k = start;
    for (; k + 4u <= end; k += 4u) {
      let at = first + k * INNER;
      lanes += vec4f(product_at(at), product_at(at + INNER), product_at(at + 2u * INNER), product_at(at + 3u * INNER));
    }
    for (; k < end; k++) {
      lanes.x += product_at(first + k * INNER);
    }
    products += lanes;
  }
  let inner = total(products);
  for (var k = 0u; k < LENGTH; k++) {
    let at = first + k * INNER;
    let d = dout[DOUT_AT + at];
    let y = kept[KEPT_AT + at];
    if (LOG) {
      // A row of NaN stays NaN; exp_difference alone would return 0.
      dinp[DINP_AT + at] = d - select(exp_difference(y, 0f), y, is_nan(y)) * inner;
    } else {
      dinp[DINP_AT + at] = y * (d - inner);
    }
  }
}

fn product_at(at: u32) -> f32 {
  let d = dout[DOUT_AT + at];
  return select(d * kept[KEPT_AT + at], d, LOG);
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/exp-log.wgsl
