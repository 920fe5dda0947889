// step log: writes a step's scalars into the step's slot of a ring.

const COUNT = 4u; // scalars per step
const CAPACITY = 64u; // steps that the ring holds

@group(0) @binding(0) var<storage, read> scalars: array<f32>; // (COUNT)
@group(0) @binding(1) var<storage, read> state: array<u32>; // seed low, seed high, step
@group(0) @binding(2) var<storage, read_write> ring: array<f32>; // (CAPACITY, COUNT)

@compute @workgroup_size(1)
fn record() {
  let slot = RING_AT + (state[STATE_AT + 2] % CAPACITY) * COUNT;
  for (var i = 0u; i < COUNT; i++) {
    ring[slot + i] = scalars[SCALARS_AT + i];
  }
}
