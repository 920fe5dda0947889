// rounding: floor, ceil, round, trunc and sign, element by element. They are computed on bits, so that a subnormal
// number has the right floor and sign even on adapters that read it as 0, and −0 stays −0. Where they have a
// derivative, it is 0, so there is no backward.

const FLOOR = 0u;
const CEIL = 1u;
const ROUND = 2u; // to the nearest, ties to even
const TRUNC = 3u; // toward 0
const SIGN = 4u;

const OP = FLOOR;
const COUNT = 64u;

@group(0) @binding(0) var<storage, read> inp: array<u32>; // floats, by their bits
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

const ONE = 0x3f800000u;

// The bits of a magnitude's integer part: the digits after the binary point are cleared.
fn whole_part(magnitude: u32) -> u32 {
  let below_point = 150 - i32(magnitude >> 23u); // how many of the 24 digits are below the point; ≤ 0 for infinity and NaN
  let cleared = magnitude & (0xffffffffu << u32(clamp(below_point, 0, 23)));
  return select(cleared, 0u, magnitude < ONE);
}

fn rounded(word: u32) -> u32 {
  let magnitude = word & 0x7fffffffu;
  let sign = word & 0x80000000u;
  if (magnitude > 0x7f800000u) { return word; }
  if (OP == SIGN) { return select(sign | ONE, word, magnitude == 0u); }
  let whole = whole_part(magnitude);
  var away = false; // whether to round away from 0, by 1
  switch OP {
    case FLOOR: { away = sign != 0u; }
    case CEIL: { away = sign == 0u; }
    case ROUND: {
      let fraction = bitcast<f32>(magnitude) - bitcast<f32>(whole); // exact
      let is_odd = (u32(min(bitcast<f32>(whole), 0x1p24f)) & 1u) == 1u;
      away = (fraction > 0.5f) | ((fraction == 0.5f) & is_odd);
    }
    default: {}
  }
  away = away & (whole != magnitude);
  return sign | bitcast<u32>(bitcast<f32>(whole) + select(0f, 1f, away));
}

@compute @workgroup_size(64)
fn forward(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) { out[OUT_AT + i] = rounded(inp[INP_AT + i]); }
}
// appended: lib/invocation.wgsl
