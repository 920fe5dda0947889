// `npm run bench -- host`: what submitting a step costs the host, on Dawn's null backend, which runs nothing.
import { compileSteps } from "../src/gan/train-steps.ts";
import { open } from "../src/node.ts";
import {
  checkReport,
  duration,
  interruption,
  median,
  percentile,
  progress,
  progressDone,
  table,
  writeReport,
} from "./reports.ts";
import { ganOf } from "./widths.ts";

/** The command's flags. */
export interface HostFlags {
  readonly steps: number;
  readonly json?: string;
}

/** One size's cost, in milliseconds. */
interface HostCost {
  readonly width: number;
  readonly batch: number;
  readonly dispatches: number;
  /** The time until the step is in the queue and `run` returns its promise. */
  readonly submit: { readonly median: number; readonly p99: number };
  /** The time until `run` resolves, including the wait for an earlier step. */
  readonly resolve: { readonly median: number; readonly p99: number };
}

const WIDTHS = [0.25, 1] as const;
const BATCHES = [8, 32, 256] as const;
const WARM_UP = 200; // runs until JavaScript's compiler has optimized the host's code
const GOAL_MS = 0.3;

/** Measures every size and prints a table. */
export async function hostCommand({ steps, json }: HostFlags): Promise<void> {
  checkReport(json);
  const stop = interruption();
  const { device, adapter, close } = await open("null");
  const costs: HostCost[] = [];
  try {
    for (const width of WIDTHS) {
      for (const batch of BATCHES) {
        if (stop.asked()) break;
        progress(`width ×${width}, batch ${batch}: ${steps} steps`);
        const { full } = await compileSteps(ganOf(device, width, batch));
        const [submits, resolves]: [number[], number[]] = [[], []];
        for (let step = -WARM_UP; step < steps; step += 1) {
          const start = performance.now();
          const running = full.run();
          const submitted = performance.now();
          await running;
          if (step < 0) continue;
          submits.push(submitted - start);
          resolves.push(performance.now() - start);
        }
        await device.idle();
        const spread = (values: number[]): HostCost["submit"] => ({
          median: median(values),
          p99: percentile(values, 0.99),
        });
        const dispatches = full.plan.dispatches.length;
        costs.push({
          width,
          batch,
          dispatches,
          submit: spread(submits),
          resolve: spread(resolves),
        });
      }
    }
    progressDone();
    console.log(`The host's time per step on ${adapter.name}, ${steps} steps each`);
    console.log(
      table(
        [
          "dcgan",
          "batch",
          "dispatches",
          "submitted",
          "99 %",
          "resolved",
          "99 %",
          `≤ ${GOAL_MS} ms`,
        ],
        costs.map(({ width, batch, dispatches, submit, resolve }) => [
          `width ×${width}`,
          String(batch),
          String(dispatches),
          ...[submit.median, submit.p99, resolve.median, resolve.p99].map(duration),
          submit.median <= GOAL_MS ? "ok" : `short: ${(submit.median / GOAL_MS).toFixed(2)}×`,
        ]),
      ),
    );
    writeReport(json, "host", { adapter: adapter.name, steps, costs });
  } finally {
    close();
    stop.forget();
  }
}
