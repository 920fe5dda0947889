// Tries one workload in several variants: compares each result with that of `direct`, then times them in turn.
import { type Variant, type Workload } from "./variant.ts";
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import type { PipelineEntry } from "../gpu/pipelines.ts";
import { repeated, type Repeated } from "../gpu/inspection/repeat.ts";
import { createRng, uniform } from "./random.ts";

/** A variant of a workload that can be launched. */
export interface Way {
  readonly variant: Variant;
  readonly pipeline: PipelineEntry;
  readonly flop: number;
  readonly launch: (inputs: readonly GpuArray[]) => GpuArray;
}

/** How one variant performed. */
export interface Candidate {
  readonly variant: Variant;
  /** Milliseconds per launch, the median of all rounds; undefined if there was no round. */
  readonly milliseconds: number | undefined;
  /** Its time divided by the default's: the median of the rounds' ratios. */
  readonly ratio: number | undefined;
  /** Why it can't be trusted, or wasn't timed. */
  readonly remark: string | undefined;
}

/** The result of a trial. */
export interface Outcome {
  /** The variants tried, the default first. */
  readonly candidates: readonly Candidate[];
  /** The variant to run; undefined if there was too little time for an answer. */
  readonly chosen: Variant | undefined;
}

const ROUNDS = 7;
const FEWEST_ROUNDS = 3; // with fewer, a median says little
const PASS_MS = 10; // the least that a pass should take, so that the timestamps' steps of 0.1 ms don't matter
const MOST_REPEATS = 256;
const GAIN = 0.97; // a gain of less than 3 % over the default isn't worth different bits
const HOPELESS = 1.5; // times the default's time: no later round will make up for that
const HOPELESS_AT_ONCE = 2.5; // the same, judged by the first round alone
const NO_TIME = "no time left";
/** The assumed operations per second of a variant that hasn't been timed yet, a low estimate. */
const ASSUMED = { software: 2e8, gpu: 2e10 } as const;

/** Remembers the latest speed of each kernel, in operations per millisecond, and how long compilation took. */
export class Speeds {
  readonly #assumed: number;
  readonly #known = new Map<string, number>();
  /** Milliseconds until a kernel's first result: a running average that weights later kernels more. */
  #startup = 0;

  constructor(device: Device) {
    this.#assumed = (device.software ? ASSUMED.software : ASSUMED.gpu) / 1000;
  }

  note({ pipeline, flop }: Way, milliseconds: number): void {
    this.#known.set(pipeline.label, flop / Math.max(milliseconds, 1e-3));
  }

  noteStartup(milliseconds: number): void {
    this.#startup = this.#startup === 0 ? milliseconds : (this.#startup + milliseconds) / 2;
  }

  /** Predicts the milliseconds until a kernel's first result. */
  foretellStart(way: Way): number {
    return this.#startup + this.foretell(way);
  }

  /** Predicts the milliseconds of a launch. */
  foretell({ pipeline, flop }: Way): number {
    return flop / (this.#known.get(pipeline.label) ?? this.#assumed);
  }
}

/** A variant that is being timed. */
interface Runner {
  readonly way: Way;
  readonly program: Repeated;
  /** Milliseconds per launch, one entry per round. */
  readonly times: number[];
  repeats: number;
  /** Why its result can't be trusted. */
  fault: string | undefined;
}

/** Returns random numbers in [−1, 1] in the shapes of a workload's inputs. The caller frees them. */
export function randomInputs(device: Device, { inputs }: Workload): readonly GpuArray[] {
  const draws = createRng(device, 1);
  const made = inputs.map(({ shape }) => uniform(draws, shape, -1, 1));
  device.flush(); // a buffer may be destroyed once what reads it is submitted
  device.free(draws.state.storage);
  return made;
}

/**
 * Tries a workload's ways, the default first, on random numbers in [−1, 1]. It starts nothing that is expected to end
 * after `end`, and after `slice` it starts no more rounds than an answer needs; both are times of `performance.now()`.
 * Throws `GpuError` if the device reports an error.
 */
export async function tryOut(
  device: Device,
  workload: Workload,
  ways: readonly Way[],
  speeds: Speeds,
  { end, slice }: { readonly end: number; readonly slice: number },
): Promise<Outcome> {
  const standard = ways[0]!;
  const direct = ways.find(({ variant }) => variant === "direct")!;
  const runners = new Map<Way, Runner>();
  const inputs = randomInputs(device, workload);
  const start = async (way: Way): Promise<Float32Array> => {
    const began = performance.now();
    const program = await repeated(device, workload.key, () => way.launch(inputs));
    runners.set(way, { way, program, times: [], repeats: 1, fault: undefined });
    await program.time(1); // some adapters compile during the first run
    const out = await program.out.read();
    speeds.noteStartup(performance.now() - began);
    return out;
  };
  try {
    const fits = (...all: readonly Way[]): boolean =>
      all.reduce((at, way) => at + speeds.foretellStart(way), performance.now()) <= end;
    if (fits(direct, standard)) {
      const expected = await start(direct);
      for (const way of ways) {
        if (way === direct || (way !== standard && !fits(way))) continue;
        const off = largestDifference(await start(way), expected);
        // The same terms, summed in another order.
        const bound = 16 * 2 ** -24 * Math.max(workload.terms, 1);
        if (off > bound) {
          runners.get(way)!.fault =
            `wrong: off by ${off.toPrecision(2)}, but rounding explains only ${bound.toPrecision(2)}`;
        }
      }
      await race([...runners.values()], runners.get(standard)!, speeds, { end, slice });
    }
  } finally {
    for (const { program } of runners.values()) program.destroy();
    for (const { storage } of inputs) device.free(storage);
  }
  return verdict(ways, runners);
}

/** Times all correct variants in turn, while there is time for another round. */
async function race(
  runners: readonly Runner[],
  base: Runner,
  speeds: Speeds,
  { end, slice }: { readonly end: number; readonly slice: number },
): Promise<void> {
  let open = runners.filter((runner) => runner === base || runner.fault === undefined);
  for (let round = 0; round < ROUNDS && open.length > 1; round += 1) {
    const cost = open.reduce((sum, { repeats, times, way }) => {
      return sum + repeats * (times.at(-1) ?? speeds.foretell(way));
    }, 0);
    if (performance.now() + cost > (round < FEWEST_ROUNDS ? end : slice)) return;
    for (const runner of open) await timeOnce(runner, speeds);
    open = open.filter((runner) => !isHopeless(runner, base));
  }
}

async function timeOnce(runner: Runner, speeds: Speeds): Promise<void> {
  const { program, way, times } = runner;
  let each = await program.time(runner.repeats);
  while (times.length === 0 && each * runner.repeats < PASS_MS && runner.repeats < MOST_REPEATS) {
    const wanted = Math.ceil(PASS_MS / Math.max(each, PASS_MS / MOST_REPEATS));
    runner.repeats = Math.min(MOST_REPEATS, Math.max(2 * runner.repeats, wanted));
    each = await program.time(runner.repeats);
  }
  times.push(each);
  speeds.note(way, each);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Returns the median over rounds of a runner's time divided by the default's. */
function ratioOf({ times }: Runner, base: Runner): number {
  return median(times.map((each, round) => each / base.times[round]!));
}

/** Whether a variant is so slow that no later round would make it the fastest. */
function isHopeless(runner: Runner, base: Runner): boolean {
  const { length } = runner.times;
  return length > 0 && ratioOf(runner, base) > (length === 1 ? HOPELESS_AT_ONCE : HOPELESS);
}

function verdict(ways: readonly Way[], runners: ReadonlyMap<Way, Runner>): Outcome {
  const base = runners.get(ways[0]!);
  const candidates = ways.map((way): Candidate => {
    const runner = runners.get(way);
    const timed = runner !== undefined && base !== undefined && runner.times.length > 0;
    return {
      variant: way.variant,
      milliseconds: timed ? median(runner.times) : undefined,
      ratio: timed ? ratioOf(runner, base) : undefined,
      remark: runner === undefined ? NO_TIME : runner.fault,
    };
  });
  if (!base) return { candidates, chosen: undefined };
  const [best] = [...runners.values()]
    .filter(({ fault, times }) => fault === undefined && times.length >= FEWEST_ROUNDS)
    .toSorted((a, b) => ratioOf(a, base) - ratioOf(b, base));
  // If the default is wrong, any correct variant will do. `direct` counts as correct, because all are compared with it.
  if (base.fault !== undefined) return { candidates, chosen: best?.way.variant ?? "direct" };
  const faster = best && Math.min(...best.times) < Math.min(...base.times); // in its best round too
  if (faster && ratioOf(best, base) < GAIN) return { candidates, chosen: best.way.variant };
  const answered = ways.every((way) => {
    const runner = runners.get(way);
    return runner !== undefined && (runner === base || isOut(runner, base));
  });
  return { candidates, chosen: answered ? base.way.variant : undefined };
}

/** Whether a variant that wasn't chosen is known not to beat the default. */
const isOut = (runner: Runner, base: Runner): boolean =>
  runner.fault !== undefined || runner.times.length >= FEWEST_ROUNDS || isHopeless(runner, base);

/** Returns the largest |a − b|; infinite if any difference is NaN. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) {
    const off = Math.abs(a[i]! - b[i]!);
    if (!(off <= largest)) largest = Number.isNaN(off) ? Infinity : off;
  }
  return largest;
}
