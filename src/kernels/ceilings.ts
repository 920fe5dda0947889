// An adapter's ceilings: the most multiply-adds and bytes per second that any kernel could reach.
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import { profile, type ProfileOptions } from "../gpu/inspection/profile.ts";
import { compile } from "../gpu/program.ts";
import type { Ceilings } from "../gpu/inspection/roofline.ts";

const SEQUENCES = 12;
const STEPS = 8; // per round, as in the shader

/** Computes twelve sequences x ← x · rates[0] + rates[1] per element of `sums`, and stores the sum of their ends there. */
export function multiplyAdds(rates: GpuArray, sums: GpuArray, rounds: number): void {
  sums.device.launch({
    shader: "ceilings",
    entry: "multiply_adds",
    constants: { COUNT: sums.size, ROUNDS: rounds },
    bind: { rates, sums },
    workgroups: sums.device.linear(sums.size),
    flop: 2 * SEQUENCES * STEPS * rounds * sums.size,
  });
}

/** out = inp, copied as vec4s; both arrays start at, and hold, a multiple of four elements. */
export function copyByFours(inp: GpuArray, out: GpuArray): void {
  const COUNT = out.size / 4;
  out.device.launch({
    shader: "ceilings",
    entry: "copy",
    constants: { COUNT },
    bind: { inp, out },
    workgroups: out.device.linear(COUNT, 256),
  });
}

/**
 * Measures both ceilings on the device. The arithmetic takes 0.8 GFLOP per launch on a CPU and 26 on a GPU. On a GPU
 * the copy is as large as WebGPU's default limits allow, 128 MiB each way, so that caches hold little of it.
 */
export async function measureCeilings(
  device: Device,
  options: ProfileOptions = {},
): Promise<Ceilings> {
  const [invocations, rounds, words] = device.software
    ? [2 ** 14, 256, 2 ** 23]
    : [2 ** 20, 128, 2 ** 25];
  const rates = device.persistent([2], "f32", "rates");
  rates.write(Float32Array.of(0.999, 0.5));
  const sums = device.persistent([invocations], "f32", "sums");
  const [inp, out] = [1, 2].map((i) => device.persistent([words], "f32", `copy${i}`));
  try {
    const program = await compile(device, "ceilings", () => {
      multiplyAdds(rates, sums, rounds);
      copyByFours(inp!, out!);
      return {};
    });
    const { dispatches } = await profile(device, program, options);
    const [arithmetic, copy] = dispatches;
    return {
      flops: arithmetic!.flop / arithmetic!.range[0],
      bandwidth: (copy!.bytesRead + copy!.bytesWritten) / copy!.range[0],
    };
  } finally {
    await device.idle();
    for (const { storage } of [rates, sums, inp!, out!]) device.free(storage);
  }
}
