// counters: advances the numbers that count on the device from one step to the next. Two lists of numbers follow
// c ← rate · c + (1 − rate), which is 1 − rateᵗ after t launches, computed without a power and without cancellation.
// Adam's bias corrections are such numbers; with a rate of 0, a number is 0 before the first launch and then always 1.
// An Rng's step increases by one.
//
// This is a launch of its own, after everything that reads the counters, because no other workgroup may read what this
// one writes.

const FIRST_COUNT = 2u;
const FIRST_RATES = array<f32, 2>(0.9f, 0.999f);
const FIRST_RESTS = array<f32, 2>(0.1f, 0.001f); // 1 − rate, rounded on the host from float64
const SECOND_COUNT = 2u;
const SECOND_RATES = array<f32, 2>(0.9f, 0.999f);
const SECOND_RESTS = array<f32, 2>(0.1f, 0.001f);
const STEPS = 1u; // the increment of the step

@group(0) @binding(0) var<storage, read_write> first: array<f32>; // (FIRST_COUNT)
@group(0) @binding(1) var<storage, read_write> second: array<f32>; // (SECOND_COUNT)
@group(0) @binding(2) var<storage, read_write> state: array<u32>; // seed low, seed high, step

@compute @workgroup_size(1)
fn advance() {
  for (var i = 0u; i < FIRST_COUNT; i++) {
    first[FIRST_AT + i] = FIRST_RATES[i] * first[FIRST_AT + i] + FIRST_RESTS[i];
  }
  for (var i = 0u; i < SECOND_COUNT; i++) {
    second[SECOND_AT + i] = SECOND_RATES[i] * second[SECOND_AT + i] + SECOND_RESTS[i];
  }
  if (STEPS > 0u) { state[STATE_AT + 2] += STEPS; }
}
