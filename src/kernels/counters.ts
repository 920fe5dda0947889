// Counters that live on the device from one step to the next: bias corrections of optimizers, and an Rng's step.
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import type { Constant } from "../gpu/shader.ts";
import type { Rng } from "./random.ts";

/** Numbers that are 1 − rateᵗ after t advances, and 0 at first. */
export interface Counter {
  /** (1) or (2). */
  readonly values: GpuArray;
  /** One rate per number, in [0, 1). */
  readonly rates: readonly number[];
}

const MOST = 2; // numbers per counter

/** A counter's constants in the shader, prefixed with its binding's name. */
function constantsOf(name: "FIRST" | "SECOND", rates: readonly number[]): Record<string, Constant> {
  const padded = Array.from({ length: MOST }, (_, i) => rates[i] ?? 0);
  return {
    [`${name}_COUNT`]: rates.length,
    [`${name}_RATES`]: padded,
    [`${name}_RESTS`]: padded.map((rate) => 1 - rate),
  };
}

/**
 * Advances counters, and the Rng's step if there is one. This must be a step's last launch, because the others read
 * these values. Every two counters take one launch. A trace that draws from an Rng without advancing it advances it at
 * its end.
 */
export function advance(device: Device, counters: readonly Counter[], rng?: Rng): void {
  const [first, second, ...others] = counters;
  if (others.length > 0) advance(device, others);
  if (!first && !rng) return;
  if (rng) device.atTraceEnd(rng, undefined);
  const spare = (count: number, dtype: "f32" | "u32"): GpuArray =>
    device.empty([count], dtype, "counters.spare");
  device.launch({
    shader: "counters",
    entry: "advance",
    constants: {
      ...constantsOf("FIRST", first?.rates ?? []),
      ...constantsOf("SECOND", second?.rates ?? []),
      STEPS: rng ? 1 : 0,
    },
    bind: {
      first: first?.values ?? spare(MOST, "f32"),
      second: second?.values ?? spare(MOST, "f32"),
      state: rng?.state ?? spare(3, "u32"),
    },
    workgroups: [1, 1, 1],
  });
}
