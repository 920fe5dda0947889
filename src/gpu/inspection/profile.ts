// Where a program's time goes: each dispatch in a pass of its own, timed by the timestamps at the pass's
// ends (they exist nowhere else) or, where the adapter has none, by the clock; and the program as it runs
// otherwise, in one pass, beside them.
//
// A dispatch is repeated inside its pass until the timestamps' steps are small against it: browsers, and
// Dawn by default, round them to 0.1 ms. What a repetition changes in the program's state is put back.
import { locate, type Storage } from "../array.ts";
import type { Device } from "../device.ts";
import type { ExplainedDispatch } from "./explain.ts";
import type { Program } from "../program.ts";

/** How long one repetition of a dispatch takes. */
export interface DispatchTime extends ExplainedDispatch {
  /** Median of the rounds, and the fastest and the slowest. */
  readonly seconds: number;
  readonly range: readonly [number, number];
  /** Repetitions in one pass. */
  readonly repetitions: number;
}

/** A program's time, dispatch by dispatch. */
export interface Profile {
  readonly label: string;
  readonly method: "timestamps" | "clock";
  /** Rounds, of which the medians are given. */
  readonly rounds: number;
  readonly dispatches: readonly DispatchTime[];
  /** Sum of the dispatches' times. */
  readonly seconds: number;
  /** The program in one pass and one submit, as it runs when nobody looks: median, fastest, slowest. */
  readonly stepSeconds: number;
  readonly stepRange: readonly [number, number];
}

/** How to profile. */
export interface ProfileOptions {
  /** Rounds of everything, after one that compiles and one that estimates. Default 5. */
  readonly rounds?: number;
  /** False times by the clock even where the adapter has timestamps. */
  readonly timestamps?: boolean;
  /** Told before each round, the first two included. */
  readonly onRound?: (done: number, total: number) => void;
}

const CLOCK_SECONDS = 0.02; // a clocked pass lasts this long at least: submits cost up to a millisecond
const STAMP_SECONDS = 0.0002;
const STEPS = 20; // of the timestamps that a pass lasts at least
const STEP_SECONDS = 0.1; // one-pass runs are timed together until they last as long
const MOST = 1000; // repetitions

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

const rangeOf = (values: readonly number[]): readonly [number, number] => [
  Math.min(...values),
  Math.max(...values),
];

/** Seconds that passes take, and the steps in which those are told. */
interface Stopwatch {
  readonly method: Profile["method"];
  /** Seconds of a pass for each dispatch, repeated so often. */
  readonly time: (repetitions: readonly number[]) => Promise<readonly number[]>;
  /** How long a pass should last. */
  readonly enough: () => number;
  readonly release: () => void;
}

/**
 * Times each dispatch of a program, and the program. Its state holds afterwards what it held before, so
 * that training goes on with the same bits. Throws `GpuError` on whatever the GPU reports.
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

/** Seconds of one of `count` runs that follow each other. */
async function runs(device: Device, program: Program, count: number): Promise<number> {
  await device.idle();
  const start = performance.now();
  for (let i = 0; i < count; i += 1) await program.run();
  await device.idle();
  return (performance.now() - start) / 1000 / count;
}

/** Copies of every captured buffer that a program writes. */
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

/** Passes timed by timestamps, all in one submit. */
function stampedBy(device: Device, program: Program): Stopwatch {
  const { gpu } = device;
  const count = program.plan.dispatches.length;
  const label = "profile.timestamps";
  const size = Math.max(16, 16 * count); // two times of eight bytes a pass
  const perSet = 2048; // passes; a query set takes 4096
  const sets = Array.from({ length: Math.ceil(count / perSet) }, (_, i) =>
    gpu.createQuerySet({
      label,
      type: "timestamp",
      count: 2 * Math.min(perSet, count - i * perSet),
    }),
  );
  const resolved = gpu.createBuffer({ label, size, usage: 0x200 | 0x4 }); // QUERY_RESOLVE | COPY_SRC
  const staging = gpu.createBuffer({ label, size, usage: 0x1 | 0x8 }); // MAP_READ | COPY_DST
  let step = 0n; // nanoseconds: what divides every timestamp seen
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

/** Passes timed by the clock, a submit each, less what an empty one takes. */
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
      seconds.push(Math.max(1e-9, taken - nothing)); // a trivial one can be lost in the noise
    }
    device.check();
    return seconds;
  };
  return { method: "clock", time, enough: () => CLOCK_SECONDS, release: noop };
}

const noop = (): void => undefined;
