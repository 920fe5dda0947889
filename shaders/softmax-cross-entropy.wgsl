// softmax cross-entropy from log y = log softmax(logits): loss = −Σ t · log y for each row, where t are the
// smoothed labels: label · (1 − ε) + ε / K over K classes. Labels are probabilities, or numbers of classes;
// a number that is no class has no labels at all: its row's loss and gradient are 0.
// dlogits = dloss · (y · Σ t − t), dlabels = −dloss · (1 − ε) · log y.

const ROWS = 64u;
const LENGTH = 8u; // classes K
const INNER = 1u; // elements of the axes after that of the classes
const CLASSES = false; // labels are numbers of classes
const KEEP = 1f; // 1 − ε
const SHARE = 0f; // ε / K
const RUN = 64u; // elements added in one chain: its rounding grows with its length

@group(0) @binding(0) var<storage, read> logs: array<f32>; // (outer, LENGTH, INNER)
@group(0) @binding(1) var<storage, read> labels: array<u32>; // words: f32 as logs, or i32 (outer, INNER)
@group(0) @binding(2) var<storage, read> dout: array<f32>; // (outer, INNER), as the forward's out
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn first_of(row: u32) -> u32 {
  return (row / INNER) * LENGTH * INNER + row % INNER;
}

// t of class k, which lies at `at`.
fn label(row: u32, k: u32, at: u32) -> f32 {
  if (CLASSES) {
    let class_number = labels[LABELS_AT + row]; // a negative one is very large
    return select(0f, select(SHARE, KEEP + SHARE, k == class_number), class_number < LENGTH);
  }
  return bitcast<f32>(labels[LABELS_AT + at]) * KEEP + SHARE;
}

// t · log y: where a label is 0, an impossible class costs nothing.
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
    // y · Σ − t is (y − 1) · Σ + (Σ − t): near certainty about the right class only that keeps digits.
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
  out[OUT_AT + at] = -dout[DOUT_AT + row] * KEEP * logs[LOGS_AT + at];
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/exp-log.wgsl
