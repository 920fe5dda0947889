// group norm: out = (x − mean) / sqrt(var + ε) · γ + β, with the mean and population variance of each group. x is
// (N, P, G, Q), a group is all (P, Q) of one n and g, and γ and β are (G, Q). Layer norm is (N, 1, 1, D), instance norm
// (N, P, C, 1).
//
// A group's elements are dealt out in turn to SPLITS invocations, so that neighbours read adjacent elements. If SPLITS
// is more than 1, a first launch stores the statistics of each invocation's elements, and every invocation of the
// second launch combines those of its group in a fixed order. Otherwise there is no first launch, and elements are
// walked twice.

const EPSILON = 0.001f;

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (N, P, G, Q)
@group(0) @binding(1) var<storage, read_write> partial: array<f32>; // (SPLITS, 2, N · G)
@group(0) @binding(2) var<storage, read> partials: array<f32>; // the same array, for reading
@group(0) @binding(3) var<storage, read> gamma: array<f32>; // (G, Q)
@group(0) @binding(4) var<storage, read> beta: array<f32>; // (G, Q)
@group(0) @binding(5) var<storage, read_write> stats: array<f32>; // (2, N · G): mean minus the origin, 1 / sqrt(var + ε)
@group(0) @binding(6) var<storage, read_write> out: array<f32>; // (N, P, G, Q)

struct Moments {
  mean: f32, // minus the origin
  squares: f32, // the sum of squared deviations
}

// Welford's algorithm: accurate for large means, where E[x²] − E[x]² would cancel.
fn moments_of_split(s: Share, origin: f32) -> Moments {
  var mean = 0f;
  var squares = 0f;
  var count = 0f;
  for (var e = s.split; e < COUNT; e += SPLITS) {
    let x = inp[INP_AT + element(s.cell, e)] - origin;
    count += 1f;
    let delta = x - mean;
    mean += delta * (1f / count);
    squares += delta * (x - mean);
  }
  return Moments(mean, squares);
}

// Chan's algorithm: combines the splits one after another.
fn moments_of_group(s: Share, origin: f32) -> Moments {
  if (SPLITS == 1u) { return moments_of_split(s, origin); }
  var mean = partials[PARTIALS_AT + s.cell];
  var squares = partials[PARTIALS_AT + CELLS + s.cell];
  var before = f32(count_of(0u));
  for (var split = 1u; split < SPLITS; split++) {
    let more = f32(count_of(split));
    let delta = partials[PARTIALS_AT + split * 2u * CELLS + s.cell] - mean;
    mean += delta * (more / (before + more));
    squares += partials[PARTIALS_AT + (split * 2u + 1u) * CELLS + s.cell]
      + delta * delta * (before * more / (before + more));
    before += more;
  }
  return Moments(mean, squares);
}

@compute @workgroup_size(64)
fn split_moments(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= CELLS * SPLITS) { return; }
  let s = share_of(index);
  let moments = moments_of_split(s, inp[INP_AT + element(s.cell, 0u)]);
  partial[PARTIAL_AT + s.split * 2u * CELLS + s.cell] = moments.mean;
  partial[PARTIAL_AT + (s.split * 2u + 1u) * CELLS + s.cell] = moments.squares;
}

@compute @workgroup_size(64)
fn normalise(invocation: Invocation) {
  let index = flat_index(invocation);
  if (index >= CELLS * SPLITS) { return; }
  let s = share_of(index);
  let origin = inp[INP_AT + element(s.cell, 0u)];
  let moments = moments_of_group(s, origin);
  let inverse = 1f / sqrt(moments.squares / f32(COUNT) + EPSILON);
  if (s.split == 0u) {
    stats[STATS_AT + s.cell] = moments.mean;
    stats[STATS_AT + CELLS + s.cell] = inverse;
  }
  for (var e = s.split; e < COUNT; e += SPLITS) {
    let at = element(s.cell, e);
    let c = at % CHANNELS;
    let normal = (inp[INP_AT + at] - origin - moments.mean) * inverse;
    out[OUT_AT + at] = normal * gamma[GAMMA_AT + c] + beta[BETA_AT + c];
  }
}
// appended: lib/invocation.wgsl
// appended: lib/groups.wgsl
