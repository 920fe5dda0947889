// parts: adds up what the lanes of a workgroup hold, for sums with so few results that one lane each would leave a GPU
// empty. The 256 lanes are PARTS parts of SPREAD neighbours: lane = part · SPREAD + neighbour. Neighbours work on
// adjacent results, and the parts share the terms of one.

const SPREAD = 1u; // 1, 4, 16 or 64
const PARTS = 256u / SPREAD;

var<workgroup> held: array<vec4f, 256>;

// The sum over the parts of the lane's neighbour, by fours in a fixed order. Every lane must call it, and a barrier must
// stand between two calls.
fn sum_of_parts(lane: u32, own: vec4f) -> vec4f {
  held[lane] = own;
  workgroupBarrier();
  for (var left = 64u; left >= SPREAD; left /= 4u) {
    if (lane < left) {
      held[lane] = (held[lane] + held[lane + left]) + (held[lane + 2u * left] + held[lane + 3u * left]);
    }
    workgroupBarrier();
  }
  return held[lane % SPREAD];
}
