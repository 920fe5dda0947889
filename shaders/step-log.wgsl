// step log: keeps a step's scalars in a ring on the device, and counts steps.

const CAPACITY = 64u; // steps that the ring holds
const SCALARS = 4u;

// Where each array starts in its binding, in 32-bit words.
const STATE_AT = 0u;
const A_AT = 0u;
const B_AT = 0u;
const C_AT = 0u;
const D_AT = 0u;
const RING_AT = 0u;
const COUNTER_AT = 0u;

@group(0) @binding(0) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> c: array<f32>;
@group(0) @binding(4) var<storage, read> d: array<f32>;
@group(0) @binding(5) var<storage, read_write> ring: array<f32>; // (CAPACITY, SCALARS)
@group(0) @binding(6) var<storage, read_write> counter: array<u32>; // the state, being advanced

@compute @workgroup_size(1)
fn record() {
  let at = (state[STATE_AT + 2] % CAPACITY) * SCALARS;
  ring[RING_AT + at] = a[A_AT];
  ring[RING_AT + at + 1u] = b[B_AT];
  ring[RING_AT + at + 2u] = c[C_AT];
  ring[RING_AT + at + 3u] = d[D_AT];
}

// The last launch of a step: all others of it read the step that this one leaves behind.
@compute @workgroup_size(1)
fn advance() {
  counter[COUNTER_AT + 2] += 1u;
}
