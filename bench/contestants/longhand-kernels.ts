// Longhand's heavy kernels as contestants, each in the variant that runs by default.
import type { GpuArray } from "../../src/gpu/array.ts";
import { openDevice, type Device } from "../../src/gpu/device.ts";
import { convolve, dataGradient } from "../../src/kernels/conv2d.ts";
import { weightGradient } from "../../src/kernels/conv2d-weight-gradient.ts";
import { convolutionGeometry } from "../../src/kernels/conv2d-geometry.ts";
import { multiply } from "../../src/kernels/matmul.ts";
import { norm } from "./contestant.ts";
import { operandsOf, type KernelContestant, type KernelRow } from "./kernel-rows.ts";
import type { Platform } from "./longhand.ts";

/** Returns a function that puts a row's operands on a device, which is opened for the first row. */
export function longhandKernels(platform: Platform): (row: KernelRow) => Promise<KernelContestant> {
  let opened: Promise<Device> | undefined;
  return async (row) => {
    opened ??= openDevice(platform);
    const device = await opened;
    const values = operandsOf(row);
    const [x, filter, y] = (["x", "filter", "y"] as const).map((name) =>
      device.upload(values[name], row[name], "f32", name),
    );
    const geometry = (): ReturnType<typeof convolutionGeometry> =>
      convolutionGeometry(row.x, row.filter, { strides: row.strides, padding: "same" });
    const launches: Record<KernelRow["kind"], () => GpuArray> = {
      matmul: () => multiply(x!, filter!),
      forward: () => convolve(x!, filter!, geometry()),
      "data-gradient": () => dataGradient(y!, filter!, geometry()),
      "filter-gradient": () => weightGradient(x!, y!, geometry()),
    };
    const launch = launches[row.kind];
    return {
      async run() {
        device.scope(() => void launch());
        await device.idle();
      },
      resultNorm: async () => norm(await launch().read()),
    };
  };
}
