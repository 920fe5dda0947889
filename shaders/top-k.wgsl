// top-k: the indices of a row's K largest elements, largest first. Of equal elements the lower index comes first, and
// NaN is above all numbers. Rows are cut into runs of WIDTH elements. `rank_run` sorts each run by counting, for every
// element, those of its run that come before it. Each `merge` combines pairs of neighbouring lists into lists for runs
// of twice the width, until one is left. No list keeps more than K indices. `take` fetches the elements, and `scatter`
// is its gradient.

const ROWS = 64u;
const LENGTH = 8u; // elements per row, INNER apart
const INNER = 1u;
const K = 4u;
const WIDTH = 32u; // elements that each list covers; the last list may cover fewer
const RUNS = 1u; // lists per row

// How many indices a list keeps, before and after merging.
const SLOTS = min(K, WIDTH);
const MERGED = min(K, 2u * WIDTH);
const MERGED_RUNS = (RUNS + 1u) / 2u;

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (outer, LENGTH, INNER)
@group(0) @binding(1) var<storage, read> found: array<i32>; // (outer, RUNS · SLOTS, INNER)
@group(0) @binding(2) var<storage, read_write> places: array<i32>; // the same, or (outer, MERGED_RUNS · MERGED, INNER)
@group(0) @binding(3) var<storage, read> dout: array<f32>; // (outer, K, INNER)
@group(0) @binding(4) var<storage, read_write> out: array<f32>; // (outer, K, INNER), or as inp

// The index of element i of a row, if rows have `length` elements.
fn at(row: u32, length: u32, i: u32) -> u32 {
  return ((row / INNER) * length + i) * INNER + row % INNER;
}

fn rank_at(row: u32, i: u32) -> u32 {
  return rank_of(inp[INP_AT + at(row, LENGTH, i)]);
}

fn kept(run: u32) -> u32 {
  return min(SLOTS, LENGTH - run * WIDTH);
}

@compute @workgroup_size(64)
fn rank_run(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= ROWS * LENGTH) { return; }
  let row = (index / (LENGTH * INNER)) * INNER + index % INNER;
  let i = (index / INNER) % LENGTH;
  let run = i / WIDTH;
  let own = rank_at(row, i);
  var slot = 0u;
  for (var j = run * WIDTH; j < min(LENGTH, (run + 1u) * WIDTH); j++) {
    let other = rank_at(row, j);
    slot += u32((other > own) | ((other == own) & (j < i)));
  }
  if (slot < SLOTS) { places[PLACES_AT + at(row, RUNS * SLOTS, run * SLOTS + slot)] = i32(i); }
}

@compute @workgroup_size(64)
fn merge(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= ROWS * RUNS * SLOTS) { return; }
  let row = (index / (RUNS * SLOTS * INNER)) * INNER + index % INNER;
  let entry = (index / INNER) % (RUNS * SLOTS);
  let run = entry / SLOTS;
  if (entry % SLOTS >= kept(run)) { return; }
  let place = found[FOUND_AT + index];
  let own = rank_at(row, u32(place));
  // How many of the neighbouring list's come first. Of equal elements, those of the earlier list do.
  let other = run ^ 1u;
  var low = 0u;
  var high = 0u;
  if (other < RUNS) { high = kept(other); }
  while (low < high) {
    let middle = (low + high) / 2u;
    let rival = rank_at(row, u32(found[FOUND_AT + at(row, RUNS * SLOTS, other * SLOTS + middle)]));
    let first = (rival > own) | ((rival == own) & (other < run));
    low = select(low, middle + 1u, first);
    high = select(middle, high, first);
  }
  let slot = entry % SLOTS + low;
  if (slot < MERGED) {
    places[PLACES_AT + at(row, MERGED_RUNS * MERGED, (run / 2u) * MERGED + slot)] = place;
  }
}

// Where the element that `found[index]` names is in the input.
fn source(index: u32) -> u32 {
  let row = (index / (K * INNER)) * INNER + index % INNER;
  return at(row, LENGTH, min(u32(found[FOUND_AT + index]), LENGTH - 1u));
}

@compute @workgroup_size(64)
fn take(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index < ROWS * K) { out[OUT_AT + index] = inp[INP_AT + source(index)]; }
}

// Writes into zeros. No two of a row's indices are the same.
@compute @workgroup_size(64)
fn scatter(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index < ROWS * K) { out[OUT_AT + source(index)] = dout[DOUT_AT + index]; }
}
// appended: lib/invocation.wgsl
// appended: lib/order.wgsl
