// softmax cross-entropy from log y = log softmax(logits): loss = −Σ t · log y for each row. t are the smoothed labels,
// label · (1 − ε) + ε / K over K classes. Labels are probabilities or class numbers. A number that is no class, or the
// one to ignore, means that the row has no labels: its loss and gradient are 0. If classes have weights, t is
// multiplied by the weight of its class. dlogits = dloss · (y · Σ t − t), dlabels = −dloss · (1 − ε) · log y.

const ROWS = 64u;
const LENGTH = 8u; // classes K
const INNER = 1u; // elements of the axes after that of the classes
const CLASSES = false; // whether labels are class numbers
const KEEP = 1f; // 1 − ε
const SHARE = 0f; // ε / K
const WEIGHTED = false; // whether classes have weights
const IGNORES = false; // whether rows of the class number IGNORED have no labels
const IGNORED = 0u; // an i32 as a word
const RUN = 64u; // elements per chain of additions, whose rounding grows with its length

@group(0) @binding(0) var<storage, read> logs: array<f32>; // (outer, LENGTH, INNER)
@group(0) @binding(1) var<storage, read> labels: array<u32>; // words: f32 as logs, or i32 (outer, INNER)
@group(0) @binding(2) var<storage, read> dout: array<f32>; // (outer, INNER), as the forward's out
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>; // (LENGTH)

fn first_of(row: u32) -> u32 {
  return (row / INNER) * LENGTH * INNER + row % INNER;
}

fn is_ignored(class_number: u32) -> bool {
  return IGNORES && class_number == IGNORED;
}

// t of class k, at index `at`, without its weight.
fn plain_label(row: u32, k: u32, at: u32) -> f32 {
  if (CLASSES) {
    let class_number = labels[LABELS_AT + row]; // a negative number is very large as a u32
    let known = class_number < LENGTH && !is_ignored(class_number);
    return select(0f, select(SHARE, KEEP + SHARE, k == class_number), known);
  }
  return bitcast<f32>(labels[LABELS_AT + at]) * KEEP + SHARE;
}

fn label(row: u32, k: u32, at: u32) -> f32 {
  let t = plain_label(row, k, at);
  if (!WEIGHTED) { return t; }
  return select(0f, t * weights[WEIGHTS_AT + k], t != 0f);
}

// t · log y. If a label is 0, the term is 0, even for a class of probability 0.
fn term(row: u32, first: u32, k: u32) -> f32 {
  let at = first + k * INNER;
  let t = label(row, k, at);
  return select(t * logs[LOGS_AT + at], 0f, t == 0f);
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let row = flat_index(invocation);
  if (row >= ROWS) { return; }
  let first = first_of(row);
  var loss = 0f;
  for (var start = 0u; start < LENGTH; start += RUN) {
    var part = 0f;
    for (var k = start; k < min(LENGTH, start + RUN); k++) {
      part += term(row, first, k);
    }
    loss += part;
  }
  out[OUT_AT + row] = select(-loss, 0f, loss == 0f); // not −0
}

@compute @workgroup_size(64)
fn backward(invocation: Invocation) {
  let row = flat_index(invocation);
  if (row >= ROWS) { return; }
  let first = first_of(row);
  var sum = 0f;
  for (var start = 0u; start < LENGTH; start += RUN) {
    var part = 0f;
    for (var k = start; k < min(LENGTH, start + RUN); k++) {
      part += label(row, k, first + k * INNER);
    }
    sum += part;
  }
  for (var k = 0u; k < LENGTH; k++) {
    let at = first + k * INNER;
    let t = label(row, k, at);
    let log_y = logs[LOGS_AT + at];
    // y · Σ − t is (y − 1) · Σ + (Σ − t). Near certainty about the right class, only the second form is accurate.
    let likely = expm1_negative(log_y) * sum + (sum - t);
    let unlikely = exp_difference(log_y, 0f) * sum - t;
    let slope = select(unlikely, likely, log_y > -0.34f);
    let unweighted = (sum == 0f) & (t == 0f); // a row without labels, whatever its logits
    out[OUT_AT + at] = dout[DOUT_AT + row] * select(select(slope, log_y, is_nan(log_y)), 0f, unweighted);
  }
}

@compute @workgroup_size(64)
fn backward_labels(invocation: Invocation) {
  let at = flat_index(invocation);
  if (at >= ROWS * LENGTH) { return; }
  let row = (at / (LENGTH * INNER)) * INNER + at % INNER;
  var slope = -dout[DOUT_AT + row] * KEEP * logs[LOGS_AT + at];
  if (WEIGHTED) { slope *= weights[WEIGHTS_AT + (at / INNER) % LENGTH]; }
  out[OUT_AT + at] = slope;
}

// The weight of each row in a weighted mean: that of its class, or 1. An ignored row has weight 0.
@compute @workgroup_size(64)
fn row_weights(invocation: Invocation) {
  let row = flat_index(invocation);
  if (row >= ROWS) { return; }
  let class_number = labels[LABELS_AT + row];
  var weight = 1f;
  if (WEIGHTED) {
    weight = select(0f, weights[WEIGHTS_AT + min(class_number, LENGTH - 1u)], class_number < LENGTH);
  }
  out[OUT_AT + row] = select(weight, 0f, is_ignored(class_number));
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/exp-log.wgsl
