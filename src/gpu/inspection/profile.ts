// Where a program's time goes, dispatch by dispatch. Each dispatch runs in a pass of its own, because timestamps exist
// only at a pass's ends; if the adapter has none, the clock is used. The whole program is timed in one pass, as it
// normally runs.
//
// A dispatch is repeated inside its pass until the timestamps' steps are small compared with it: browsers, and Dawn by
// default, round them to 0.1 ms. What the repetitions change in the program's state is restored.
import { locate, type Storage } from "../array.ts";
import type { Device } from "../device.ts";
import type { ExplainedDispatch } from "./explain.ts";
import type { Program } from "../program.ts";

/** How long one repetition of a dispatch takes. */
export interface DispatchTime extends ExplainedDispatch {
  /** The median of the rounds. */
  readonly seconds: number;
  /** The fastest and the slowest round. */
  readonly range: readonly [number, number];
  /** Repetitions per pass. */
  readonly repetitions: number;
}

/** A program's time, dispatch by dispatch. */
export interface Profile {
  readonly label: string;
  readonly method: "timestamps" | "clock";
  /** The number of rounds; times are their medians. */
  readonly rounds: number;
  readonly dispatches: readonly DispatchTime[];
  /** The sum of the dispatches' times. */
  readonly seconds: number;
  /** The time of the whole program in one pass and one submit, as it normally runs: the median. */
  readonly stepSeconds: number;
  /** The fastest and the slowest of those times. */
  readonly stepRange: readonly [number, number];
}

/** How to profile. */
export interface ProfileOptions {
  /** How many rounds to time, after one that compiles and one that estimates. Default 5. */
  readonly rounds?: number;
  /** Set to false to time by the clock even if the adapter has timestamps. */
  readonly timestamps?: boolean;
  /** Called before each round, including the first two. */
  readonly onRound?: (done: number, total: number) => void;
}

const CLOCK_SECONDS = 0.02; // the least that a clocked pass lasts, because a submit costs up to a millisecond
const STAMP_SECONDS = 0.0002;
const STEPS = 20; // the least number of timestamp steps that a pass lasts
const STEP_SECONDS = 0.1; // whole runs are timed together until they last this long
const MOST = 1000; // the most repetitions

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

const rangeOf = (values: readonly number[]): readonly [number, number] => [
  Math.min(...values),
  Math.max(...values),
];

/** Times passes, and knows how long they should last. */
interface Stopwatch {
  readonly method: Profile["method"];
  /** Returns the seconds of one pass per dispatch, in which it is repeated that often. */
  readonly time: (repetitions: readonly number[]) => Promise<readonly number[]>;
  /** Returns how many seconds a pass should last. */
  readonly enough: () => number;
  readonly release: () => void;
}

/**
 * Times each dispatch of a program, and the program itself. Afterwards the program's state is what it was before, so
 * that training continues with the same bits. Throws `GpuError` if the GPU reports an error.
 */
export async function profile(
  device: Device,
  program: Program,
  options: ProfileOptions = {},
): Promise<Profile> {
  const { rounds = 5, onRound = () => undefined } = options;
  const stamped = (options.timestamps ?? true) && device.gpu.features.has("timestamp-query");
  const count = program.plan.dispatches.length;
  const watch = stamped ? stampedBy(device, program) : clockedBy(device, program);
  const kept = keepState(device, program);
  const { parts } = program;
  program.parts = 1;
  try {
    onRound(0, rounds + 2);
    await runs(device, program, 1); // compiles
    const once = await runs(device, program, 1);
    const together = Math.min(MOST, Math.ceil(STEP_SECONDS / once));
    kept.restore();

    onRound(1, rounds + 2);
    let repetitions = Array.from({ length: count }, () => 1);
    for (let estimate = 0; estimate < 2; estimate += 1) {
      const seconds = await watch.time(repetitions);
      const wanted = repetitions.map((times, i) => (times * watch.enough()) / seconds[i]!);
      repetitions = wanted.map((times) => Math.max(1, Math.min(MOST, Math.ceil(times))));
    }
    kept.restore();

    const times: number[][] = repetitions.map(() => []);
    const steps: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      onRound(round + 2, rounds + 2);
      const seconds = await watch.time(repetitions);
      seconds.forEach((each, i) => times[i]!.push(each / repetitions[i]!));
      kept.restore();
      steps.push(await runs(device, program, together));
      kept.restore();
    }
    const { dispatches } = program.explain();
    const timed = dispatches.map((each, i) => ({
      ...each,
      seconds: median(times[i]!),
      range: rangeOf(times[i]!),
      repetitions: repetitions[i]!,
    }));
    return {
      label: program.label,
      method: watch.method,
      rounds,
      dispatches: timed,
      seconds: timed.reduce((sum, { seconds }) => sum + seconds, 0),
      stepSeconds: median(steps),
      stepRange: rangeOf(steps),
    };
  } finally {
    program.parts = parts;
    kept.restore();
    kept.release();
    watch.release();
  }
}

/** Returns the mean seconds of `count` consecutive runs. */
async function runs(device: Device, program: Program, count: number): Promise<number> {
  await device.idle();
  const start = performance.now();
  for (let i = 0; i < count; i += 1) await program.run();
  await device.idle();
  return (performance.now() - start) / 1000 / count;
}

/** Copies every captured buffer that a program writes, and returns how to restore and release them. */
function keepState(
  device: Device,
  program: Program,
): { readonly restore: () => void; readonly release: () => void } {
  const written = new Set<GPUBuffer>();
  for (const { bindings } of program.plan.dispatches) {
    for (const { array, access } of bindings) {
      const root: Storage = locate(array.storage, 0).root;
      if (access === "read_write" && root.kind !== "temporary" && root.buffer) {
        written.add(root.buffer);
      }
    }
  }
  const kept = [...written].map((buffer) => ({
    buffer,
    copy: device.gpu.createBuffer({ label: "profile.state", size: buffer.size, usage: 0x4 | 0x8 }),
  }));
  const move = (back: boolean): void => {
    device.flush();
    const encoder = device.gpu.createCommandEncoder({ label: "profile.state" });
    for (const { buffer, copy } of kept) {
      const [from, to] = back ? [copy, buffer] : [buffer, copy];
      encoder.copyBufferToBuffer(from, 0, to, 0, buffer.size);
    }
    device.gpu.queue.submit([encoder.finish()]);
  };
  move(false);
  return { restore: () => move(true), release: () => kept.forEach(({ copy }) => copy.destroy()) };
}

/** Times passes by timestamps, all in one submit. */
function stampedBy(device: Device, program: Program): Stopwatch {
  const { gpu } = device;
  const count = program.plan.dispatches.length;
  const label = "profile.timestamps";
  const size = Math.max(16, 16 * count); // two timestamps of eight bytes per pass
  const perSet = 2048; // passes per query set, which holds 4096 timestamps
  const sets = Array.from({ length: Math.ceil(count / perSet) }, (_, i) =>
    gpu.createQuerySet({
      label,
      type: "timestamp",
      count: 2 * Math.min(perSet, count - i * perSet),
    }),
  );
  const resolved = gpu.createBuffer({ label, size, usage: 0x200 | 0x4 }); // QUERY_RESOLVE | COPY_SRC
  const staging = gpu.createBuffer({ label, size, usage: 0x1 | 0x8 }); // MAP_READ | COPY_DST
  let step = 0n; // nanoseconds: the greatest common divisor of all differences between timestamps
  const time: Stopwatch["time"] = async (repetitions) => {
    device.flush();
    const encoder = gpu.createCommandEncoder({ label });
    repetitions.forEach((times, index) => {
      const at = 2 * (index % perSet);
      const pass = encoder.beginComputePass({
        label: program.plan.dispatches[index]!.label,
        timestampWrites: {
          querySet: sets[Math.floor(index / perSet)]!,
          beginningOfPassWriteIndex: at,
          endOfPassWriteIndex: at + 1,
        },
      });
      program.encode(pass, index, times);
      pass.end();
    });
    sets.forEach((set, i) => encoder.resolveQuerySet(set, 0, set.count, resolved, i * 16 * perSet));
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    gpu.queue.submit([encoder.finish()]);
    await device.settle(label, staging.mapAsync(1));
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    device.check();
    for (const stamp of stamps) step = gcd(step, stamp - stamps[0]!);
    return repetitions.map(
      (_, i) => Math.max(1, Number(stamps[2 * i + 1]! - stamps[2 * i]!)) / 1e9,
    );
  };
  return {
    method: "timestamps",
    time,
    enough: () => Math.max(STAMP_SECONDS, (STEPS * Number(step)) / 1e9),
    release() {
      resolved.destroy();
      staging.destroy();
      for (const set of sets) set.destroy();
    },
  };
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y > 0n) [x, y] = [y, x % y];
  return x;
}

/** Times passes by the clock, one submit each, minus the time of an empty one. */
function clockedBy(device: Device, program: Program): Stopwatch {
  const label = "profile.clock";
  const submit = async (encode: (pass: GPUComputePassEncoder) => void): Promise<number> => {
    const encoder = device.gpu.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    encode(pass);
    pass.end();
    const commands = encoder.finish();
    const start = performance.now();
    device.gpu.queue.submit([commands]);
    await device.settle(label, device.gpu.queue.onSubmittedWorkDone());
    return (performance.now() - start) / 1000;
  };
  const time: Stopwatch["time"] = async (repetitions) => {
    await device.idle();
    const nothing = median([await submit(noop), await submit(noop), await submit(noop)]);
    const seconds: number[] = [];
    for (const [index, times] of repetitions.entries()) {
      const taken = await submit((pass) => program.encode(pass, index, times));
      seconds.push(Math.max(1e-9, taken - nothing)); // a trivial dispatch can be lost in the noise
    }
    device.check();
    return seconds;
  };
  return { method: "clock", time, enough: () => CLOCK_SECONDS, release: noop };
}

const noop = (): void => undefined;
