// scan: running sums or products along an axis:
//   out[i] = x[0] ∘ … ∘ x[i], or up to x[i − 1] if exclusive; from the other end if reversed.
// An invocation walks one run of CHUNK elements of a row. If rows have several runs, a first launch stores the total of
// each run, another scan turns these into the totals before each run, and the last launch combines both. The order is
// fixed, and chains of rounding are about √LENGTH long.

const SUM = 0u;
const PRODUCT = 1u;

const OP = SUM;
const ROWS = 64u;
const LENGTH = 8u; // elements per row, INNER apart
const INNER = 1u;
const CHUNK = 8u; // elements per run
const RUNS = 1u; // runs per row
const EXCLUSIVE = false;
const REVERSE = false;

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (outer, LENGTH, INNER)
@group(0) @binding(1) var<storage, read_write> totals: array<f32>; // (outer, RUNS, INNER): the runs' totals
@group(0) @binding(2) var<storage, read> before: array<f32>; // (outer, RUNS, INNER): the totals before each run
@group(0) @binding(3) var<storage, read_write> out: array<f32>; // (outer, LENGTH, INNER)

fn combine(a: f32, b: f32) -> f32 {
  return select(a + b, a * b, OP == PRODUCT);
}

// Neighbouring invocations take neighbouring rows if INNER is large, else neighbouring runs.
struct Place {
  row: u32,
  run: u32,
}

fn place_of(index: u32) -> Place {
  let rest = index / INNER;
  return Place((rest / RUNS) * INNER + index % INNER, rest % RUNS);
}

// The index of the i-th element of the walk.
fn element(row: u32, i: u32) -> u32 {
  let k = select(i, LENGTH - 1u - i, REVERSE);
  return ((row / INNER) * LENGTH + k) * INNER + row % INNER;
}

@compute @workgroup_size(64)
fn run_totals(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= ROWS * RUNS) { return; }
  let p = place_of(index);
  let end = min(LENGTH, (p.run + 1u) * CHUNK);
  var total = select(0f, 1f, OP == PRODUCT);
  for (var i = p.run * CHUNK; i < end; i++) {
    total = combine(total, inp[INP_AT + element(p.row, i)]);
  }
  totals[TOTALS_AT + index] = total;
}

@compute @workgroup_size(64)
fn scan(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= ROWS * RUNS) { return; }
  let p = place_of(index);
  let end = min(LENGTH, (p.run + 1u) * CHUNK);
  let neutral = select(0f, 1f, OP == PRODUCT);
  var start = neutral;
  if (RUNS > 1u) { start = before[BEFORE_AT + index]; }
  var total = neutral;
  for (var i = p.run * CHUNK; i < end; i++) {
    let at = element(p.row, i);
    let next = combine(total, inp[INP_AT + at]);
    out[OUT_AT + at] = combine(start, select(next, total, EXCLUSIVE));
    total = next;
  }
}
// appended: lib/invocation.wgsl
