// batch norm backward, from dout, the gradient at γ · x̂ + β: dγ = Σ dout · x̂ and dβ = Σ dout over the rows. In
// training, dx = γ / σ · (dout − mean(dout) − x̂ · mean(dout · x̂)), because the batch's statistics depend on x too
// (Ioffe and Szegedy 2015, simplified). In inference they don't, and dx = γ / σ · dout.

// Element types; f16 and vec4h if the array is stored as f16.
alias Inp = vec4f;

@group(0) @binding(0) var<storage, read> inp: array<Inp>; // (R, C)
@group(0) @binding(1) var<storage, read> dout: array<vec4f>; // (R, C)
@group(0) @binding(2) var<storage, read> stats: array<f32>; // (2, C): mean minus the origin, 1 / sqrt(var + ε)
@group(0) @binding(3) var<storage, read_write> partial: array<f32>; // (SPLITS, 2, C)
@group(0) @binding(4) var<storage, read> partials: array<vec4f>; // the same array, for reading
@group(0) @binding(5) var<storage, read> gamma: array<f32>; // (C)
@group(0) @binding(6) var<storage, read_write> dgamma: array<f32>; // (C)
@group(0) @binding(7) var<storage, read_write> dbeta: array<f32>; // (C)
@group(0) @binding(8) var<storage, read_write> dinp: array<f32>; // (R, C)

fn dout_at(row: u32, c: u32) -> vec4f {
  let at = DOUT_AT + row * CHANNELS + c;
  if (WIDTH == 4u) { return dout[at / 4u]; }
  return vec4f(dout[at / 4u][at % 4u]);
}

// Line 0 of stats is the mean, line 1 is 1 / sqrt(var + ε).
fn stat(line: u32, c: u32) -> vec4f {
  let at = STATS_AT + line * CHANNELS + c;
  return vec4f(stats[at], stats[at + NEXT], stats[at + 2u * NEXT], stats[at + 3u * NEXT]);
}

struct Sums {
  scaled: vec4f, // Σ dout · x̂
  plain: vec4f, // Σ dout
}

fn sums_of_run(p: Place, origin: vec4f, mean: vec4f, inverse: vec4f) -> Sums {
  var sums = Sums();
  for (var row = p.first; row < p.end; row++) {
    let d = dout_at(row, p.c);
    sums.scaled += d * ((x_at(row, p.c) - origin - mean) * inverse);
    sums.plain += d;
  }
  return sums;
}

fn sums_of_runs(p: Place) -> Sums {
  var sums = Sums();
  for (var split = p.zero; split < SPLITS; split++) {
    sums.scaled += partial_at(split, 0u, p.c);
    sums.plain += partial_at(split, 1u, p.c);
  }
  return sums;
}

// The sums of all ranks.
fn joined_sums(c: u32) -> Sums {
  return Sums(partial_at(0u, 0u, c), partial_at(0u, 1u, c));
}

// Of joined sums, a rank's gradients are the mean over the ranks, as all gradients will be.
fn store_sums(c: u32, sums: Sums) {
  var share = 1f;
  if (JOINED) { share = f32(ROWS) / f32(ALL_ROWS); }
  for (var i = 0u; i < WIDTH; i++) {
    dgamma[DGAMMA_AT + c + i] = sums.scaled[i] * share;
    dbeta[DBETA_AT + c + i] = sums.plain[i] * share;
  }
}

fn store_row(row: u32, c: u32, dx: vec4f) {
  let to = DINP_AT + row * CHANNELS + c;
  dinp[to] = dx.x;
  if (WIDTH == 4u) {
    dinp[to + 1u] = dx.y;
    dinp[to + 2u] = dx.z;
    dinp[to + 3u] = dx.w;
  }
}

@compute @workgroup_size(64)
fn partial_sums(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= SPLITS * BLOCKS) { return; }
  let p = place(index);
  let sums = sums_of_run(p, origin_of(p.c), stat(0u, p.c), stat(1u, p.c));
  store_partial(0u, p, sums.scaled);
  store_partial(1u, p, sums.plain);
}

// dγ and dβ only, if no gradient of x is asked for.
@compute @workgroup_size(64)
fn affine(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= SPLITS * BLOCKS) { return; }
  let p = place(index);
  if (p.split == 0u) { store_sums(p.c, sums_of_runs(p)); }
}

@compute @workgroup_size(64)
fn input(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= SPLITS * BLOCKS) { return; }
  let p = place(index);
  let origin = origin_of(p.c);
  let mean = stat(0u, p.c);
  let inverse = stat(1u, p.c);
  var sums = Sums();
  if (JOINED) {
    sums = joined_sums(p.c);
  } else if (SPLITS == 1u) {
    sums = sums_of_run(p, origin, mean, inverse);
  } else {
    sums = sums_of_runs(p);
  }
  if (p.split == 0u) { store_sums(p.c, sums); }
  let scale = gamma_at(p.c) * inverse;
  let shift = sums.plain / batch_rows();
  let slope = sums.scaled / batch_rows();
  for (var row = p.first; row < p.end; row++) {
    let normal = (x_at(row, p.c) - origin - mean) * inverse;
    store_row(row, p.c, scale * (dout_at(row, p.c) - (shift + normal * slope)));
  }
}

// A lane's part of the sums of a run.
fn sums_of_part(s: Shared, origin: vec4f, mean: vec4f, inverse: vec4f) -> Sums {
  var sums = Sums();
  for (var row = s.first + s.part; row < s.end; row += PARTS) {
    let d = dout_at(row, s.c);
    sums.scaled += d * ((x_at(row, s.c) - origin - mean) * inverse);
    sums.plain += d;
  }
  return sums;
}

// Adds up both sums over the parts at once.
fn sums_of_parts(lane: u32, own: Sums) -> Sums {
  let both = sum_of_parts(lane, vec4f(own.scaled.x, own.plain.x, 0f, 0f));
  return Sums(vec4f(both.x), vec4f(both.y));
}

@compute @workgroup_size(256)
fn split_sums(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let s = shared_place(workgroup_index(group), lane);
  let sums = sums_of_parts(lane, sums_of_part(s, origin_of(s.c), stat(0u, s.c), stat(1u, s.c)));
  if (!s.keeps) { return; }
  partial[PARTIAL_AT + s.split * 2u * CHANNELS + s.c] = sums.scaled.x;
  partial[PARTIAL_AT + (s.split * 2u + 1u) * CHANNELS + s.c] = sums.plain.x;
}

// A lane's part of the sums of all runs: every PARTS-th.
fn sums_of_part_of_runs(s: Shared) -> Sums {
  var sums = Sums();
  for (var split = s.part; split < SPLITS; split += PARTS) {
    sums.scaled += partial_at(split, 0u, s.c);
    sums.plain += partial_at(split, 1u, s.c);
  }
  return sums;
}

// dγ and dβ only.
@compute @workgroup_size(256)
fn split_affine(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let s = shared_place(workgroup_index(group), lane);
  let sums = sums_of_parts(lane, sums_of_part_of_runs(s));
  if (s.keeps && s.split == 0u) { store_sums(s.c, sums); }
}

@compute @workgroup_size(256)
fn split_input(group: Workgroup, @builtin(local_invocation_index) lane: u32) {
  let s = shared_place(workgroup_index(group), lane);
  let origin = origin_of(s.c);
  let mean = stat(0u, s.c);
  let inverse = stat(1u, s.c);
  var own = Sums();
  if (SPLITS == 1u) {
    own = sums_of_part(s, origin, mean, inverse);
  } else {
    own = sums_of_part_of_runs(s);
  }
  var sums = Sums();
  if (JOINED) {
    sums = joined_sums(s.c);
  } else {
    sums = sums_of_parts(lane, own);
  }
  if (s.keeps && s.split == 0u) { store_sums(s.c, sums); }
  if (!s.live) { return; }
  let scale = gamma_at(s.c) * inverse;
  let shift = sums.plain / batch_rows();
  let slope = sums.scaled / batch_rows();
  for (var row = s.first + s.part; row < s.end; row += PARTS) {
    let normal = (x_at(row, s.c) - origin - mean) * inverse;
    store_row(row, s.c, scale * (dout_at(row, s.c) - (shift + normal * slope)));
  }
}

// dx in inference.
@compute @workgroup_size(64)
fn inference_input(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= SPLITS * BLOCKS) { return; }
  let p = place(index);
  let scale = gamma_at(p.c) * stat(1u, p.c);
  for (var row = p.first; row < p.end; row++) { store_row(row, p.c, scale * dout_at(row, p.c)); }
}
// appended: lib/invocation.wgsl
// appended: lib/channels.wgsl
// appended: lib/parts.wgsl
