// An adapter's ceilings: the most multiply-adds and the most bytes a second that any kernel could hope for.
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import { profile, type ProfileOptions } from "../gpu/inspection/profile.ts";
import { compile } from "../gpu/program.ts";
import type { Ceilings } from "../gpu/inspection/roofline.ts";

const SEQUENCES = 12;
const STEPS = 8; // of a round, as the shader has them

/** The sum of twelve sequences x ← x · rates[0] + rates[1] in each of `sums`' elements. */
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

/** out = inp, by fours; both are a multiple of four long and start at a whole one. */
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
 * Measures both on the device: 0.8 GFLOP a launch on a CPU and 26 on a GPU, whose copy is as large as
 * WebGPU's default limits allow, 128 MiB each way, so that caches hold little of it.
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
