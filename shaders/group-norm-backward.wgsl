// group norm backward: with x̂ = (x − mean) / σ of each group and d = dout · γ,
//   dx = (d − mean(d) − x̂ · mean(d · x̂)) / σ, because the group's statistics depend on x too,
//   dγ = Σ dout · x̂ and dβ = Σ dout over the examples and positions of each channel.

const ROWS = 64u; // N · P: rows of channels
const POSITIONS = 8u; // P
const RUNS = 1u; // runs of rows over which dγ and dβ are summed, before a reduction adds up the runs
const CHUNK = 64u; // rows per run

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (N, P, G, Q)
@group(0) @binding(1) var<storage, read> dout: array<f32>; // (N, P, G, Q)
@group(0) @binding(2) var<storage, read> stats: array<f32>; // (2, N · G): mean minus the origin, 1 / sqrt(var + ε)
@group(0) @binding(3) var<storage, read> gamma: array<f32>; // (G, Q)
@group(0) @binding(4) var<storage, read_write> partial: array<f32>; // (SPLITS, 2, N · G)
@group(0) @binding(5) var<storage, read> partials: array<f32>; // the same array, for reading
@group(0) @binding(6) var<storage, read_write> dinp: array<f32>; // (N, P, G, Q)
@group(0) @binding(7) var<storage, read_write> sums: array<f32>; // (RUNS, 2, G · Q): dγ, dβ

// x̂ of the element at `at`, in a cell whose first element is `origin`.
fn normal_at(at: u32, cell: u32, origin: f32) -> f32 {
  return (inp[INP_AT + at] - origin - stats[STATS_AT + cell]) * stats[STATS_AT + CELLS + cell];
}

struct Sums {
  scaled: f32, // Σ d · x̂
  plain: f32, // Σ d
}

fn sums_of_split(s: Share, origin: f32) -> Sums {
  var total = Sums();
  for (var e = s.split; e < COUNT; e += SPLITS) {
    let at = element(s.cell, e);
    let d = dout[DOUT_AT + at] * gamma[GAMMA_AT + at % CHANNELS];
    total.scaled += d * normal_at(at, s.cell, origin);
    total.plain += d;
  }
  return total;
}

fn sums_of_group(s: Share, origin: f32) -> Sums {
  if (SPLITS == 1u) { return sums_of_split(s, origin); }
  var total = Sums();
  for (var split = 0u; split < SPLITS; split++) {
    total.scaled += partials[PARTIALS_AT + split * 2u * CELLS + s.cell];
    total.plain += partials[PARTIALS_AT + (split * 2u + 1u) * CELLS + s.cell];
  }
  return total;
}

@compute @workgroup_size(64)
fn split_sums(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= CELLS * SPLITS) { return; }
  let s = share_of(index);
  let total = sums_of_split(s, inp[INP_AT + element(s.cell, 0u)]);
  partial[PARTIAL_AT + s.split * 2u * CELLS + s.cell] = total.scaled;
  partial[PARTIAL_AT + (s.split * 2u + 1u) * CELLS + s.cell] = total.plain;
}

@compute @workgroup_size(64)
fn input(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= CELLS * SPLITS) { return; }
  let s = share_of(index);
  let origin = inp[INP_AT + element(s.cell, 0u)];
  let total = sums_of_group(s, origin);
  let shift = total.plain / f32(COUNT);
  let slope = total.scaled / f32(COUNT);
  let inverse = stats[STATS_AT + CELLS + s.cell];
  for (var e = s.split; e < COUNT; e += SPLITS) {
    let at = element(s.cell, e);
    let d = dout[DOUT_AT + at] * gamma[GAMMA_AT + at % CHANNELS];
    dinp[DINP_AT + at] = inverse * (d - (shift + normal_at(at, s.cell, origin) * slope));
  }
}

@compute @workgroup_size(64)
fn affine(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= RUNS * CHANNELS) { return; }
  let c = index % CHANNELS;
  let run = index / CHANNELS;
  var scaled = 0f;
  var plain = 0f;
  for (var row = run * CHUNK; row < min(ROWS, (run + 1u) * CHUNK); row++) {
    let at = row * CHANNELS + c;
    let cell = (row / POSITIONS) * GROUPS + c / WIDTH;
    let d = dout[DOUT_AT + at];
    scaled += d * normal_at(at, cell, inp[INP_AT + element(cell, 0u)]);
    plain += d;
  }
  sums[SUMS_AT + run * 2u * CHANNELS + c] = scaled;
  sums[SUMS_AT + (run * 2u + 1u) * CHANNELS + c] = plain;
}
// appended: lib/invocation.wgsl
// appended: lib/groups.wgsl
