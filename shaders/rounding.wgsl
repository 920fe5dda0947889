// rounding: floor, ceil, round, trunc and sign, element by element. They go by bits, so that a subnormal
// number has its own floor and sign on adapters that take it for 0, and −0 stays −0. All are flat
// wherever they have a slope, so nothing flows back.

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

// The bits of a magnitude's whole part: those of the digits past the point are cleared.
fn whole_part(magnitude: u32) -> u32 {
  let below_point = 150 - i32(magnitude >> 23u); // of 24 digits; 0 or less for infinity and NaN
  let cleared = magnitude & (0xffffffffu << u32(clamp(below_point, 0, 23)));
  return select(cleared, 0u, magnitude < ONE);
}

fn rounded(word: u32) -> u32 {
  let magnitude = word & 0x7fffffffu;
  let sign = word & 0x80000000u;
  if (magnitude > 0x7f800000u) { return word; }
  if (OP == SIGN) { return select(sign | ONE, word, magnitude == 0u); }
  let whole = whole_part(magnitude);
  var away = false; // from 0, by 1
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
