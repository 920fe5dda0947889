// reduce along contiguous rows, for GPUs: a workgroup takes one run of CHUNK elements of one row. Its lanes stride
// through the run, reading adjacent elements. Each subgroup combines its lanes, and the workgroup combines its
// subgroups, in an order that depends only on the subgroups' size. Every subgroup combines the results of all, so that
// none needs to know which lanes belong to which.

enable subgroups;

const SUM = 0u;
const MEAN = 1u;
const MAX = 2u;
const MIN = 3u;

const OP = SUM;
const OUTPUTS = 64u; // rows
const COUNT = 64u; // elements per row
const CHUNK = 64u; // elements per run
const SPLITS = 1u; // runs per row
const DIVISOR = 1f; // the divisor of a mean

@group(0) @binding(0) var<storage, read> inp: array<f32>; // (OUTPUTS, COUNT)
@group(0) @binding(1) var<storage, read_write> out: array<f32>; // (OUTPUTS, SPLITS)

// The result of each subgroup, at the index of its first lane; zero elsewhere.
var<workgroup> sums: array<f32, 64>;
var<workgroup> keys: array<u32, 64>;

// A maximum or minimum is the largest of these keys. They are whole numbers from 1 to 2³² − 2 that sort like the
// floats, or in reverse for a minimum. NaN is 2³² − 1, and 0 means no element.
fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let rising = select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
  return select(select(rising, ~rising, OP == MIN), 0xffffffffu, is_nan(x));
}

fn value_of(key: u32) -> f32 {
  let rising = select(key, ~key, OP == MIN && key != 0xffffffffu);
  return bitcast<f32>(select(~rising, rising & 0x7fffffffu, (rising & 0x80000000u) != 0u));
}

// A lane's sum of a run. It keeps four sums, for shorter chains of rounding and four loads in flight.
fn sum_of(at: u32, end: u32) -> f32 {
  var four = vec4f();
  var i = at;
  for (; i + 192u < end; i += 256u) {
    four += vec4f(inp[INP_AT + i], inp[INP_AT + i + 64u], inp[INP_AT + i + 128u], inp[INP_AT + i + 192u]);
  }
  for (; i < end; i += 64u) {
    four.x += inp[INP_AT + i];
  }
  return (four.x + four.y) + (four.z + four.w);
}

fn top_key_of(at: u32, end: u32) -> u32 {
  var four = vec4u();
  var i = at;
  for (; i + 192u < end; i += 256u) {
    let low = vec2u(key_of(inp[INP_AT + i]), key_of(inp[INP_AT + i + 64u]));
    let high = vec2u(key_of(inp[INP_AT + i + 128u]), key_of(inp[INP_AT + i + 192u]));
    four = max(four, vec4u(low, high));
  }
  for (; i < end; i += 64u) {
    four.x = max(four.x, key_of(inp[INP_AT + i]));
  }
  return max(max(four.x, four.y), max(four.z, four.w));
}

@compute @workgroup_size(64)
fn reduce(
  group: Workgroup,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) member: u32,
  @builtin(subgroup_size) size: u32,
) {
  // Past the last run there is nothing to read or store, but every lane must reach the barrier.
  let index = workgroup_index(group);
  let row = index / SPLITS * COUNT;
  let first = index % SPLITS * CHUNK;
  let end = select(0u, row + min(COUNT, first + CHUNK), index < OUTPUTS * SPLITS);
  let at = row + first + lane;
  var result = 0f;
  if (OP == MAX || OP == MIN) {
    let own = subgroupMax(top_key_of(at, end));
    keys[lane] = select(0u, own, member == 0u);
    workgroupBarrier();
    var key = 0u;
    for (var i = member; i < 64u; i += size) { key = max(key, keys[i]); }
    result = value_of(subgroupMax(key));
  } else {
    let own = subgroupAdd(sum_of(at, end));
    sums[lane] = select(0f, own, member == 0u);
    workgroupBarrier();
    var sum = 0f;
    for (var i = member; i < 64u; i += size) { sum += sums[i]; }
    let total = subgroupAdd(sum);
    result = select(total, total / DIVISOR, OP == MEAN);
  }
  if (lane == 0u && index < OUTPUTS * SPLITS) { out[OUT_AT + index] = result; }
}
// appended: lib/invocation.wgsl
// appended: lib/numbers.wgsl
