// What an adapter's parts can do by themselves: 16-bit arithmetic, workgroup memory, barriers, and launches that depend
// on each other or not.
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import { repeated, repetitions } from "../gpu/inspection/repeat.ts";
import { copyByFours } from "./ceilings.ts";

/** The figures of an adapter's parts, each the best of several rounds. */
export interface Hardware {
  /** 16-bit floating-point operations per second, a multiply-add as two; undefined without `shader-f16`. */
  readonly halfFlops: number | undefined;
  /** Bytes per second that invocations read from workgroup memory, by vec4s. */
  readonly sharedBandwidth: number;
  /** Barriers per second, summed over all workgroups (of 64 invocations) that run at the same time. */
  readonly barriers: number;
  /** Seconds per launch of one small workgroup, in a pass of 128. */
  readonly launch: {
    /** Each reads what the one before wrote. */
    readonly dependent: number;
    /** All write parts of one buffer, and none reads them. WebGPU orders launches by buffer. */
    readonly oneBuffer: number;
    /** Each writes a buffer of its own. */
    readonly ownBuffers: number;
  };
}

/** Sixteen bytes per vector, and eight vectors per round. */
const SHARED_BYTES = 16 * 8;
/** Eight sequences of two elements, and eight steps per round. */
const HALF_FLOP = 2 * 8 * 8 * 2;
const LAUNCHES = 128;
const WORDS = 64; // of a small launch: 256 bytes, so that a part of a buffer can be bound at its start
const ROUNDS = 5;

/** Computes each element of `sums` from eight sequences of 16-bit multiply-adds. Needs `shader-f16`. */
export function halfMultiplyAdds(rates: GpuArray, sums: GpuArray, rounds: number): void {
  sums.device.launch({
    shader: "ceilings-half",
    entry: "multiply_adds",
    constants: { COUNT: sums.size, ROUNDS: rounds },
    bind: { rates, sums },
    workgroups: sums.device.linear(sums.size),
    flop: HALF_FLOP * rounds * sums.size,
  });
}

/** Sums 32 · `rounds` numbers from workgroup memory, where rates[0] and rates[1] alternate, into each element of `sums`. */
export function sharedReads(rates: GpuArray, sums: GpuArray, rounds: number): void {
  launchShared("shared_reads", rates, sums, rounds);
}

/** Passes rates[0] and rates[1] around each workgroup's invocations `rounds` times, with two barriers each time. */
export function barriers(rates: GpuArray, sums: GpuArray, rounds: number): void {
  launchShared("barriers", rates, sums, rounds);
}

function launchShared(
  entry: "shared_reads" | "barriers",
  rates: GpuArray,
  sums: GpuArray,
  rounds: number,
): void {
  sums.device.launch({
    shader: "ceilings",
    entry,
    constants: { COUNT: sums.size, ROUNDS: rounds },
    bind: { rates, sums },
    workgroups: sums.device.linear(Math.ceil(sums.size / 64), 1),
  });
}

/** Measures the parts of the device's adapter. Throws `GpuError`. */
export async function measureHardware(device: Device): Promise<Hardware> {
  const [invocations, rounds] = device.software ? [2 ** 12, 64] : [2 ** 19, 256];
  const made: GpuArray[] = [];
  const persistent = (words: number, label: string): GpuArray => {
    const array = device.persistent([words], "f32", label);
    made.push(array);
    return array;
  };
  const rates = persistent(2, "rates");
  rates.write(Float32Array.of(0.999, 0.5));
  const sums = persistent(invocations, "sums");
  const onto = (launch: (rates: GpuArray, sums: GpuArray, rounds: number) => void) =>
    fastest(device, launch.name, () => {
      launch(rates, sums, rounds);
      return sums;
    });
  try {
    const half = device.gpu.features.has("shader-f16") ? await onto(halfMultiplyAdds) : undefined;
    const shared = await onto(sharedReads);
    const passed = await onto(barriers);
    const [ping, pong] = [persistent(WORDS, "ping"), persistent(WORDS, "pong")];
    const arena = persistent(LAUNCHES * WORDS, "arena");
    const parts = arena.view([LAUNCHES, WORDS]);
    const own = Array.from({ length: LAUNCHES }, (_, i) => persistent(WORDS, `own${i}`));
    const launches = (label: string, launch: (i: number) => void): Promise<number> =>
      fastest(device, label, () => {
        for (let i = 0; i < LAUNCHES; i += 1) launch(i);
        return ping;
      });
    const dependent = await launches("dependent", (i) =>
      i % 2 ? copyByFours(pong, ping) : copyByFours(ping, pong),
    );
    const oneBuffer = await launches("one buffer", (i) => {
      copyByFours(ping, parts.rows(i, 1).view([WORDS]));
    });
    const ownBuffers = await launches("own buffers", (i) => copyByFours(ping, own[i]!));
    return {
      halfFlops: half === undefined ? undefined : (HALF_FLOP * rounds * invocations) / half,
      sharedBandwidth: (SHARED_BYTES * rounds * invocations) / shared,
      barriers: (2 * rounds * (invocations / 64)) / passed,
      launch: {
        dependent: dependent / LAUNCHES,
        oneBuffer: oneBuffer / LAUNCHES,
        ownBuffers: ownBuffers / LAUNCHES,
      },
    };
  } finally {
    await device.idle();
    for (const { storage } of made) device.free(storage);
  }
}

/** Returns the seconds per run of the fastest of several passes, each long enough for the clock. */
async function fastest(device: Device, label: string, body: () => GpuArray): Promise<number> {
  const program = await repeated(device, label, body);
  try {
    const count = await repetitions(program);
    let best = Infinity;
    for (let round = 0; round < ROUNDS; round += 1)
      best = Math.min(best, await program.time(count));
    return Math.max(best, 1e-9) / 1000;
  } finally {
    program.destroy();
  }
}
