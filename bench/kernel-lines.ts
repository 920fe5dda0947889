// `npm run bench -- kernels`: every variant of the heavy kernels, timed in turn and printed.
import { cpus } from "node:os";
import { open } from "../src/node.ts";
import { timeKernels, type KernelTiming } from "./kernels.ts";
import { checkReport, writeReport } from "./reports.ts";

/** Prints one line per variant. The one that runs by default is marked, and the others are compared with it. */
function show(timings: readonly KernelTiming[]): void {
  const standard = timings.find(({ chosen }) => chosen) ?? timings[0]!;
  console.log(`\n${standard.name}, ${(standard.flop / 1e6).toFixed(1)} MFLOP`);
  for (const { variant, chosen, gigaflops, milliseconds, range } of timings) {
    const ratio = (milliseconds / standard.milliseconds).toFixed(2);
    console.log(
      [
        chosen ? "*" : " ",
        variant.padEnd(10),
        gigaflops.toFixed(2).padStart(8),
        `GFLOP/s ${milliseconds.toFixed(1).padStart(8)} ms (${range.map((ms) => ms.toFixed(1)).join(" to ")}), time × ${ratio}`,
      ].join(" "),
    );
  }
}

/** The flags of `kernels`. */
export interface KernelOptions {
  readonly batch: number;
  readonly rounds: number;
  readonly only: string;
  readonly adapter?: string;
  readonly json?: string;
}

/** Times the heavy kernels on an adapter, and prints one line per variant. */
export async function kernelsCommand({
  adapter: request,
  json,
  ...options
}: KernelOptions): Promise<void> {
  checkReport(json);
  const { device, adapter, close } = await open(request);
  try {
    console.log(`${adapter.name}; ${cpus().length} CPU cores; batch ${options.batch}`);
    const timings = await timeKernels(device, { ...options, onResult: show });
    writeReport(json, "kernels", { adapter: adapter.name, ...options, timings });
  } finally {
    close();
  }
}
