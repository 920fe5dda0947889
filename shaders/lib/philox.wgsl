// philox: Philox 4×32-10, a counter-based generator (Salmon et al. 2011, Random123). The key is the seed. The counter
// is (block of four elements, step, stream, domain), so any element of any stream and step can be drawn on its own, and
// drawn again.

const PHILOX_M0 = 0xd2511f53u;
const PHILOX_M1 = 0xcd9e8d57u;

fn philox(start: vec4u, seed: vec2u) -> vec4u {
  var counter = start;
  var key = seed;
  for (var round = 0u; round < 10u; round++) {
    let high = vec2u(mul_high(PHILOX_M0, counter.x), mul_high(PHILOX_M1, counter.z));
    let low = vec2u(PHILOX_M0 * counter.x, PHILOX_M1 * counter.z);
    counter = vec4u(high.y ^ counter.y ^ key.x, low.y, high.x ^ counter.w ^ key.y, low.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return counter;
}

// A number in [0, 1) from the first 24 bits of a random word.
fn unit(word: u32) -> f32 {
  return f32(word >> 8u) * 0x1p-24f;
}

// Box–Muller: two independent normal numbers from two random words. u is in (0, 1], the angle in [−π, π).
fn normal_pair(words: vec2u) -> vec2f {
  let u = f32((words.x >> 8u) + 1u) * 0x1p-24f;
  let angle = (unit(words.y) * 2f - 1f) * 3.14159265358979f;
  return sqrt(max(0f, -2f * log(u))) * vec2f(cos(angle), sin(angle));
}
// appended: lib/mul-high.wgsl
