// reduce: sum, mean, product, maximum or minimum over some axes, or the index of either extreme. Each invocation
// reduces one run of CHUNK elements for one output. If a reduction is long and outputs are few, there are several runs
// per output (SPLITS > 1), and a second launch reduces their results in a fixed order.

const SUM = 0u;
const MEAN = 1u;
const MAX = 2u;
const MIN = 3u;
const PROD = 4u;

const OP = SUM;
const OUTPUTS = 64u; // elements of the output
const COUNT = 64u; // elements reduced to one
const CHUNK = 64u; // elements per run
const SPLITS = 1u; // runs per output
// Kept axes and reduced axes, outermost first: extents, and strides in the input. Unused ones are 1 and 0.
const KEPT = array<u32, 4>(1u, 1u, 1u, 64u);
const KEPT_STRIDES = array<u32, 4>(0u, 0u, 0u, 1u);
const REDUCED = array<u32, 4>(1u, 1u, 1u, 64u);
const REDUCED_STRIDES = array<u32, 4>(0u, 0u, 0u, 64u);
const DIVISOR = 1f; // the divisor of a mean
const SPREAD = 16u; // neighbouring outputs per workgroup of `split`: 16, or 1 if the elements of an output are contiguous
const LEAST = false; // whether to find the minimum's index; else the maximum's

@group(0) @binding(0) var<storage, read> inp: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // (SPLITS, OUTPUTS)
@group(0) @binding(2) var<storage, read> found: array<i32>; // (SPLITS, OUTPUTS): what each run found
@group(0) @binding(3) var<storage, read_write> places: array<i32>; // (SPLITS, OUTPUTS), or (OUTPUTS)

fn kept_offset(index: u32) -> u32 {
  var rest = index;
  let d3 = rest % KEPT[3];
  rest /= KEPT[3];
  let d2 = rest % KEPT[2];
  rest /= KEPT[2];
  let d1 = rest % KEPT[1];
  let d0 = rest / KEPT[1];
  return d0 * KEPT_STRIDES[0] + d1 * KEPT_STRIDES[1] + d2 * KEPT_STRIDES[2] + d3 * KEPT_STRIDES[3];
}

fn reduced_offset(index: u32) -> u32 {
  var rest = index;
  let d3 = rest % REDUCED[3];
  rest /= REDUCED[3];
  let d2 = rest % REDUCED[2];
  rest /= REDUCED[2];
  let d1 = rest % REDUCED[1];
  let d0 = rest / REDUCED[1];
  return d0 * REDUCED_STRIDES[0] + d1 * REDUCED_STRIDES[1] + d2 * REDUCED_STRIDES[2] + d3 * REDUCED_STRIDES[3];
}

fn combine(a: f32, b: f32) -> f32 {
  if (OP == MAX) { return select(max(a, b), select(b, a, is_nan(a)), is_nan(a) || is_nan(b)); }
  if (OP == MIN) { return select(min(a, b), select(b, a, is_nan(a)), is_nan(a) || is_nan(b)); }
  if (OP == PROD) { return a * b; }
  return a + b;
}

@compute @workgroup_size(64)
fn reduce(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS * SPLITS) { return; }
  let base = kept_offset(index % OUTPUTS);
  let first = (index / OUTPUTS) * CHUNK;
  let end = min(COUNT, first + CHUNK);
  // Four sums at a time: their chains of rounding are shorter, and no addition waits for the previous one.
  var sums = vec4f();
  var r = first;
  if (OP == PROD) { sums = vec4f(1f); }
  if (OP == MAX || OP == MIN) { sums = vec4f(inp[INP_AT + base + reduced_offset(first)]); }
  for (; r + 4u <= end; r += 4u) {
    sums[0] = combine(sums[0], inp[INP_AT + base + reduced_offset(r)]);
    sums[1] = combine(sums[1], inp[INP_AT + base + reduced_offset(r + 1u)]);
    sums[2] = combine(sums[2], inp[INP_AT + base + reduced_offset(r + 2u)]);
    sums[3] = combine(sums[3], inp[INP_AT + base + reduced_offset(r + 3u)]);
  }
  for (; r < end; r++) {
    sums[0] = combine(sums[0], inp[INP_AT + base + reduced_offset(r)]);
  }
  let total = combine(combine(sums[0], sums[1]), combine(sums[2], sums[3]));
  out[OUT_AT + index] = select(total, total / DIVISOR, OP == MEAN);
}

var<workgroup> held: array<f32, 256>;

// The same run for SPREAD outputs per workgroup, for GPUs, if outputs are few and reductions are long. The lanes are
// 256 / SPREAD parts of SPREAD neighbours, and the parts share the elements of an output. Their results are combined by
// fours.
@compute @workgroup_size(256)
fn split(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let blocks = (OUTPUTS + SPREAD - 1u) / SPREAD;
  let output = workgroup_index(group) % blocks * SPREAD + lane % SPREAD;
  let run = workgroup_index(group) / blocks;
  let base = INP_AT + kept_offset(min(output, OUTPUTS - 1u));
  let parts = 256u / SPREAD;
  let end = min(COUNT, (run + 1u) * CHUNK);
  var four = vec4f();
  if (OP == PROD) { four = vec4f(1f); }
  if (OP == MAX || OP == MIN) { four = vec4f(inp[base + reduced_offset(min(run * CHUNK, COUNT - 1u))]); }
  var r = run * CHUNK + lane / SPREAD;
  for (; r + 3u * parts < end; r += 4u * parts) {
    four[0] = combine(four[0], inp[base + reduced_offset(r)]);
    four[1] = combine(four[1], inp[base + reduced_offset(r + parts)]);
    four[2] = combine(four[2], inp[base + reduced_offset(r + 2u * parts)]);
    four[3] = combine(four[3], inp[base + reduced_offset(r + 3u * parts)]);
  }
  for (; r < end; r += parts) { four[0] = combine(four[0], inp[base + reduced_offset(r)]); }
  held[lane] = combine(combine(four[0], four[1]), combine(four[2], four[3]));
  workgroupBarrier();
  for (var left = 64u; left >= SPREAD; left /= 4u) {
    if (lane < left) {
      let low = combine(held[lane], held[lane + left]);
      held[lane] = combine(low, combine(held[lane + 2u * left], held[lane + 3u * left]));
    }
    workgroupBarrier();
  }
  if (lane < SPREAD && output < OUTPUTS && run < SPLITS) {
    let total = held[lane];
    out[OUT_AT + run * OUTPUTS + output] = select(total, total / DIVISOR, OP == MEAN);
  }
}

// The rank by which the winning element is chosen. For a minimum the order is reversed, except for NaN.
fn merit_of(x: f32) -> u32 {
  let rank = rank_of(x);
  return select(rank, ~rank, LEAST && !is_nan(x));
}

// The index of the extreme element of each run, among the reduced elements in row-major order. Of equal elements, the
// first wins.
@compute @workgroup_size(64)
fn argmax(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS * SPLITS) { return; }
  let base = kept_offset(index % OUTPUTS);
  let first = (index / OUTPUTS) * CHUNK;
  let end = min(COUNT, first + CHUNK);
  var best = first;
  var top = merit_of(inp[INP_AT + base + reduced_offset(first)]);
  for (var r = first + 1u; r < end; r++) {
    let rank = merit_of(inp[INP_AT + base + reduced_offset(r)]);
    best = select(best, r, rank > top);
    top = max(top, rank);
  }
  places[PLACES_AT + index] = i32(best);
}

// The same among the results of the runs, which are in order.
@compute @workgroup_size(64)
fn argmax_of_runs(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= OUTPUTS) { return; }
  let base = kept_offset(index);
  var best = 0u;
  var top = 0u; // below every rank
  for (var run = 0u; run < SPLITS; run++) {
    let r = u32(found[FOUND_AT + run * OUTPUTS + index]);
    let rank = merit_of(inp[INP_AT + base + reduced_offset(r)]);
    best = select(best, r, rank > top);
    top = max(top, rank);
  }
  places[PLACES_AT + index] = i32(best);
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
// appended: lib/order.wgsl
