// `npm run bench -- scaling`: how long a step takes as the batch or the networks grow.
import { compileSteps } from "../src/gan/train-steps.ts";
import { LonghandError } from "../src/gpu/errors.ts";
import type { Program } from "../src/gpu/program.ts";
import { open, type Opened } from "../src/node.ts";
import { countCalls, type Counters } from "./counters.ts";
import {
  bytes,
  checkReport,
  duration,
  interruption,
  median,
  progress,
  progressDone,
  table,
  writeReport,
} from "./reports.ts";
import { ganOf } from "./widths.ts";

/** The command's flags. */
export interface ScalingFlags {
  readonly rounds: number;
  readonly batches: readonly number[];
  readonly widths: readonly number[];
  readonly adapter?: string;
  readonly json?: string;
}

/** One size of the networks and of the batch; `steps` and `submits` hold one time in ms per round. */
interface Size {
  readonly width: number;
  readonly batch: number;
  readonly opened: Opened;
  readonly program: Program;
  readonly bytes: number;
  readonly warmUp: number;
  readonly steps: number[];
  readonly submits: number[];
}

const WIDTH_BATCH = 8; // for the runs that grow the networks: at 32 the widest takes minutes on a CPU
const GOAL = 2.2; // the most that a doubling of the batch may multiply the time by
const GOAL_FROM = 32;

/** Measures every size in turn and prints a table. */
export async function scalingCommand(flags: ScalingFlags): Promise<void> {
  checkReport(flags.json);
  const { rounds, batches, widths, adapter } = flags;
  const wanted = [
    ...batches.map((batch) => ({ width: 1, batch })),
    ...widths.map((width) => ({ width, batch: WIDTH_BATCH })),
  ].filter(
    ({ width, batch }, i, all) =>
      all.findIndex((other) => other.width === width && other.batch === batch) === i,
  );
  const stop = interruption();
  const sizes: Size[] = [];
  const unfit: { readonly width: number; readonly batch: number; readonly reason: string }[] = [];
  let counters: Counters | undefined;
  try {
    for (const { width, batch } of wanted) {
      if (stop.asked()) break;
      progress(`width ×${width}, batch ${batch}: compiling, and a first step`);
      const opened = await open(adapter); // one device each, so that memory is counted separately
      counters ??= countCalls();
      try {
        sizes.push(await prepare(opened, counters, width, batch));
      } catch (error) {
        opened.close();
        if (!(error instanceof LonghandError)) throw error;
        unfit.push({ width, batch, reason: error.message });
      }
    }
    progressDone();
    const round = sizes.reduce((sum, { warmUp }) => sum + warmUp, 0) / 1000;
    console.log(
      `${rounds} rounds of ${round.toFixed(0)} s: at most ${Math.ceil((rounds * round) / 60)} min.`,
    );
    for (let n = 1; n <= rounds && !stop.asked(); n += 1) {
      for (const size of sizes) {
        if (stop.asked()) break;
        progress(`round ${n} of ${rounds}: width ×${size.width}, batch ${size.batch}`);
        await measure(size);
      }
    }
    progressDone();
    const measured = sizes.filter(({ steps }) => steps.length > 0);
    show(measured);
    for (const { width, batch, reason } of unfit) {
      console.log(`width ×${width}, batch ${batch} doesn't fit: ${reason}`);
    }
    const doublings = doublingsOf(measured);
    for (const { from, to, ratio } of doublings) {
      const word = ratio <= GOAL ? "ok" : `short: ${(ratio / GOAL).toFixed(2)}× the goal`;
      const goal = from >= GOAL_FROM ? ` (goal ≤ ${GOAL}): ${word}` : "";
      console.log(`batch ${from} → ${to}: ×${ratio.toFixed(2)}${goal}`);
    }
    writeReport(flags.json, "scaling", {
      adapter: sizes[0]?.opened.adapter.name,
      rounds,
      sizes: measured.map(({ width, batch, program, bytes: held, steps, submits }) => ({
        width,
        batch,
        dispatches: program.plan.dispatches.length,
        bytes: held,
        steps,
        submits,
      })),
      doublings,
      unfit,
    });
  } finally {
    counters?.stop();
    for (const { opened } of sizes) opened.close();
    stop.forget();
  }
}

async function prepare(
  opened: Opened,
  counters: Counters,
  width: number,
  batch: number,
): Promise<Size> {
  const before = counters.liveBytes();
  const gan = ganOf(opened.device, width, batch);
  const { full: program } = await compileSteps(gan);
  const held = counters.liveBytes() - before - gan.shards.reduce((sum, { size }) => sum + size, 0);
  await program.run();
  await opened.device.idle();
  const start = performance.now();
  await program.run();
  await opened.device.idle();
  const warmUp = performance.now() - start;
  return { width, batch, opened, program, bytes: held, warmUp, steps: [], submits: [] };
}

async function measure({ opened, program, steps, submits }: Size): Promise<void> {
  const start = performance.now();
  const running = program.run();
  submits.push(performance.now() - start);
  await running;
  await opened.device.idle();
  steps.push(performance.now() - start);
}

function show(sizes: readonly Size[]): void {
  console.log(
    table(
      ["dcgan", "batch", "step, median", "per image", "dispatches", "submitted in", "GPU memory"],
      sizes.map(({ width, batch, steps, submits, program, bytes: held }) => [
        `width ×${width}`,
        String(batch),
        duration(median(steps)),
        duration(median(steps) / batch),
        String(program.plan.dispatches.length),
        duration(median(submits)),
        bytes(held),
      ]),
    ),
  );
}

/** Returns the median, over the rounds, of how many times longer twice the batch took in the same round. */
function doublingsOf(
  sizes: readonly Size[],
): { readonly from: number; readonly to: number; readonly ratio: number }[] {
  const grown = sizes.filter(({ width }) => width === 1);
  return grown.flatMap(({ batch, steps }) => {
    const twice = grown.find((other) => other.batch === 2 * batch);
    if (!twice) return [];
    const ratios = twice.steps.map((time, round) => time / steps[round]!);
    return [{ from: batch, to: twice.batch, ratio: median(ratios) }];
  });
}
