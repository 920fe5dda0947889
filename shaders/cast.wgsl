// cast: elements converted to another type, if at least one of the two types is a float. WGSL leaves some rounding and
// out-of-range results to adapters, so everything is computed on bits here. Floats become integers by rounding toward 0
// and clamping to the type's range, and NaN becomes 0. Integers become the nearest float, ties to even.

const FROM = I32; // the type of `words`
const TO = I32; // the type that floats are converted to
const HALVES = false; // whether the result's floats are f16
const COUNT = 64u;

// Element types; f16 if the array is stored as f16.
alias Inp = f32;
alias Floats = f32;

@group(0) @binding(0) var<storage, read> inp: array<Inp>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>; // words of type TO
@group(0) @binding(2) var<storage, read> words: array<u32>; // of type FROM
@group(0) @binding(3) var<storage, read_write> floats: array<Floats>;

// The bits of the float nearest to an unsigned integer, ties to even.
fn float_of(whole: u32) -> u32 {
  let zeros = countLeadingZeros(whole);
  let digits = whole << (zeros & 31u);
  let rest = digits & 0xffu;
  let up = (rest > 0x80u) | ((rest == 0x80u) & ((digits & 0x100u) != 0u));
  // The leading digit, at bit 23, is added to the exponent, and so may be a carry.
  let bits = ((157u - zeros) << 23u) + (digits >> 8u) + select(0u, 1u, up);
  return select(bits, 0u, whole == 0u);
}

// The integer part of a float's magnitude, given its bits, up to 2³² − 1; 0 for NaN.
fn whole_of(magnitude: u32) -> u32 {
  let exponent = i32(magnitude >> 23u) - 150; // the exponent of the last of 24 digits
  let digits = (magnitude & 0x007fffffu) | 0x00800000u;
  let small = select(digits >> u32(clamp(-exponent, 0, 31)), 0u, exponent < -23);
  let whole = select(small, digits << u32(clamp(exponent, 0, 8)), exponent > 0);
  return select(select(whole, 0xffffffffu, exponent > 8), 0u, magnitude > 0x7f800000u);
}

// A float's bits as a word of type TO.
fn from_float(bits: u32) -> u32 {
  if (TO == F32) { return bits; } // an f16, already widened
  let negative = bits >= 0x80000000u;
  let whole = whole_of(bits & 0x7fffffffu);
  if (TO == U32) { return select(whole, 0u, negative); }
  return select(min(whole, 0x7fffffffu), 0u - min(whole, 0x80000000u), negative);
}

// A word of type FROM as a float's bits.
fn to_float(word: u32) -> u32 {
  if (FROM == F32) { return word; } // to be narrowed to f16
  let negative = (FROM == I32) & (word >= 0x80000000u);
  return float_of(select(word, 0u - word, negative)) | select(0u, 0x80000000u, negative);
}

// The value of f16 nearest to a float, ties to even: infinite from 65,520 on, a multiple of 2⁻²⁴ below 2⁻¹⁴.
fn nearest_half(word: u32) -> f32 {
  let magnitude = word & 0x7fffffffu;
  let normal = (magnitude + 0xfffu + ((magnitude >> 13u) & 1u)) & 0xffffe000u;
  let bounded = select(normal, 0x7f800000u, magnitude >= 0x477ff000u);
  // Below 2⁻¹⁴ the digits past 2⁻²⁴ are dropped: 14 of them, or more.
  let shift = clamp(126 - i32(magnitude >> 23u), 14, 26);
  let digits = (magnitude & 0x007fffffu) | 0x00800000u;
  let kept = digits >> u32(shift);
  let rest = digits - (kept << u32(shift));
  let tie = 1u << u32(shift - 1);
  let up = (rest > tie) | ((rest == tie) & ((kept & 1u) == 1u));
  let tiny = bitcast<u32>(f32(kept + select(0u, 1u, up)) * 0x1p-24f);
  let rounded = select(bounded, tiny, magnitude < 0x38800000u);
  let sign = word & 0x80000000u;
  return bitcast<f32>(select(rounded, 0x7fc00000u, magnitude > 0x7f800000u) | sign);
}

@compute @workgroup_size(64)
fn from_floats(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i < COUNT) { out[OUT_AT + i] = from_float(bitcast<u32>(f32(inp[INP_AT + i]))); }
}

@compute @workgroup_size(64)
fn to_floats(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let bits = to_float(words[WORDS_AT + i]);
  // An integer that f32 can't represent exactly is beyond f16's range, so nothing is rounded twice.
  floats[FLOATS_AT + i] = Floats(select(bitcast<f32>(bits), nearest_half(bits), HALVES));
}
// appended: lib/invocation.wgsl
// appended: lib/words.wgsl
