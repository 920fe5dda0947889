// The most 16-bit multiply-adds that an adapter does, with next to no memory: each invocation sums eight sequences
// x ← x · a + b of two f16 each, 8 · ROUNDS steps long. GPUs compute two f16 of a register at a time.

enable f16;

const COUNT = 64u; // invocations
const ROUNDS = 4u;

@group(0) @binding(0) var<storage, read> rates: array<f32>; // (2): a and b, which no compiler knows
@group(0) @binding(1) var<storage, read_write> sums: array<f32>; // (COUNT)

fn eight_steps(x: vec2h, a: vec2h, b: vec2h) -> vec2h {
  return (((((((x * a + b) * a + b) * a + b) * a + b) * a + b) * a + b) * a + b) * a + b;
}

@compute @workgroup_size(64)
fn multiply_adds(invocation: Invocation) {
  let i = flat_index(invocation);
  if (i >= COUNT) { return; }
  let a = vec2h(f16(rates[RATES_AT]));
  let b = vec2h(f16(rates[RATES_AT + 1u]));
  var x0 = vec2h(f16(i % 64u) / 64h, 0.5h);
  var x1 = x0 + 0.1h;
  var x2 = x0 + 0.2h;
  var x3 = x0 + 0.3h;
  var x4 = x0 + 0.4h;
  var x5 = x0 + 0.5h;
  var x6 = x0 + 0.6h;
  var x7 = x0 + 0.7h;
  for (var round = 0u; round < ROUNDS; round++) {
    x0 = eight_steps(x0, a, b); x1 = eight_steps(x1, a, b); x2 = eight_steps(x2, a, b); x3 = eight_steps(x3, a, b);
    x4 = eight_steps(x4, a, b); x5 = eight_steps(x5, a, b); x6 = eight_steps(x6, a, b); x7 = eight_steps(x7, a, b);
  }
  let sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7;
  sums[SUMS_AT + i] = f32(sum.x) + f32(sum.y);
}
// appended: lib/invocation.wgsl
