// gather: the rows of x that indices name, and the gradient of that. x is (B, O, ROWS, INNER), indices
// are (B, PICKS), out is (B, O, PICKS, INNER):
//
//   out[b, o, i, s] = x[b, o, row(b, i), s]
//   dx[b, o, n, s] = Σ dout[b, o, i, s] over the i with row(b, i) = n, in order of i
//
// A negative index counts from the end, and one that is out of range is clamped to it.

const COUNT = 64u; // invocations: elements of out, or fours along INNER of dx
const OUTER = 1u; // O: extent of the axes of x between the batch and the rows
const ROWS = 8u;
const INNER = 8u; // elements of a row
const PICKS = 8u; // indices of one batch
const PITCH = max(PICKS, 1u); // without indices x has a gradient still, but a modulus of 0 doesn't compile
const BLOCK = 4u; // indices whose terms are summed before they join the rest: about √PICKS rounds least

// Where each array starts in its binding, in 32-bit words.
const INDICES_AT = 0u;
const INP_AT = 0u;
const OUT_AT = 0u;
const DOUT_AT = 0u;
const DINP_AT = 0u;

@group(0) @binding(0) var<storage, read> indices: array<i32>; // (B, PICKS)
// Moved as words, whatever they mean: NaN keeps its bits.
@group(0) @binding(1) var<storage, read> inp: array<u32>; // (B, O, ROWS, INNER)
@group(0) @binding(2) var<storage, read_write> out: array<u32>; // (B, O, PICKS, INNER)
@group(0) @binding(3) var<storage, read> dout: array<f32>; // (B, O, PICKS, INNER)
@group(0) @binding(4) var<storage, read_write> dinp: array<f32>; // (B, O, ROWS, INNER)

fn row(at: u32) -> u32 {
  let index = indices[INDICES_AT + at];
  let from_start = select(index, index + i32(ROWS), index < 0);
  return u32(clamp(from_start, 0, i32(ROWS) - 1));
}

@compute @workgroup_size(64)
fn gather(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= COUNT) { return; }
  let s = index % INNER;
  let i = (index / INNER) % PITCH;
  let lead = index / (INNER * PITCH); // b · O + o
  let from_row = row((lead / OUTER) * PICKS + i);
  out[OUT_AT + index] = inp[INP_AT + (lead * ROWS + from_row) * INNER + s];
}

// Four neighbours of one row an invocation, so that each index is looked up once for all of them.
@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= COUNT) { return; }
  const FOURS = (INNER + 3u) / 4u;
  let n = (index / FOURS) % ROWS;
  let lead = index / (FOURS * ROWS); // b · O + o
  // Past the row's end the last element is read again, and not stored.
  let s0 = (index % FOURS) * 4u;
  let s1 = min(s0 + 1u, INNER - 1u);
  let s2 = min(s0 + 2u, INNER - 1u);
  let s3 = min(s0 + 3u, INNER - 1u);
  let named = (lead / OUTER) * PICKS;
  var total = vec4f();
  for (var first = 0u; first < PICKS; first += BLOCK) {
    let end = min(PICKS, first + BLOCK);
    var sum = vec4f();
    for (var i = first; i < end; i++) {
      if (row(named + i) == n) {
        let at = DOUT_AT + (lead * PICKS + i) * INNER;
        sum += vec4f(dout[at + s0], dout[at + s1], dout[at + s2], dout[at + s3]);
      }
    }
    total += sum;
  }
  let to = DINP_AT + (lead * ROWS + n) * INNER;
  dinp[to + s0] = total.x;
  if (s0 + 1u < INNER) { dinp[to + s0 + 1u] = total.y; }
  if (s0 + 2u < INNER) { dinp[to + s0 + 2u] = total.z; }
  if (s0 + 3u < INNER) { dinp[to + s0 + 3u] = total.w; }
}
