// The lab's part for a step in slow motion, and for training one network alone.
import type { Gan } from "../../src/gan.ts";
import {
  compileSlowStep,
  parameterCount,
  sha256,
  UsageError,
  type GpuArray,
  type Player,
  type SlowPart,
  type SlowStep,
  type StepPart,
} from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { comeToRest, letLearn, pauseRun, reportNow, type Run, trainOn } from "./run.ts";

/** A part of a step, before it runs. */
export interface PartFacts {
  readonly part: StepPart;
  /** How many kernels it launches, and which, in order. */
  readonly launches: readonly string[];
}

/** A step in slow motion, before it runs. */
export interface StepFacts {
  readonly parts: readonly PartFacts[];
  /** Images per batch. */
  readonly batch: number;
  /** The only network that learns; undefined if both do. */
  readonly only: Player | undefined;
  readonly generator: { readonly parameters: number };
  readonly discriminator: { readonly parameters: number };
}

/** A part that has just run. */
export interface PartReport {
  readonly at: number;
  readonly part: StepPart;
  readonly numbers: Readonly<Record<string, number>>;
  /** Whether it was the step's last. */
  readonly done: boolean;
  /** The step that it belongs to, from 1. */
  readonly step: number;
  /** A few letters of the SHA-256 of each network's bits, before the step and, once it is done, after it. */
  readonly before: Readonly<Record<Player, string>>;
  readonly after: Readonly<Record<Player, string>> | undefined;
}

/** What the page may ask for. */
export interface StepMethods {
  /** Makes one network learn alone from now on, or both. A run that trains goes on so. */
  learn(only: Player | undefined): Promise<void>;
  /** Returns the parts of a step as the networks now learn. Compiles it the first time. */
  stepFacts(): Promise<StepFacts>;
  /** Runs the next part; after a step's last part, the first one of another step. Pauses the run. */
  nextPart(): Promise<PartReport>;
  /** Runs what is left of a step. */
  endStep(): Promise<void>;
  /** Returns the SHA-256 of each network's bits: weights, statistics, moments, average. */
  fingerprints(): Promise<Record<Player, string>>;
}

const SHOWN = 16; // images per picture
const MARK = 6; // letters

/** The slow step of a run, compiled for the way in which it learns. */
interface Compiled {
  readonly run: Run;
  readonly only: Player | undefined;
  readonly count: number;
  readonly slow: SlowStep;
}

/** A step under way. */
interface Underway {
  readonly parts: AsyncGenerator<SlowPart, void, undefined>;
  readonly total: number;
  readonly run: Run;
  readonly marks: Record<Player, string>;
}

/** Returns the part of the lab that takes steps apart. */
export function stepping(bench: Bench): StepMethods {
  let compiled: Compiled | undefined;
  let underway: Underway | undefined;

  const prepare = async (run: Run): Promise<SlowStep> => {
    const { gan, step, only } = run;
    const isShort = run.programs.short !== undefined && (step + 1) % gan.plan.steps === 0;
    const count = isShort ? gan.plan.last : gan.plan.batch;
    if (compiled?.run !== run || compiled.only !== only || compiled.count !== count) {
      if (compiled?.run === run) compiled.slow.release();
      compiled = { run, only, count, slow: await compileSlowStep(gan, count, { only }) };
    }
    return compiled.slow;
  };

  /** Counts a step that is done, once. */
  const end = async (done: Underway): Promise<void> => {
    if (underway !== done) return;
    underway = undefined;
    bench.unfinished = undefined;
    await done.parts.return();
    done.run.step += 1;
    await reportNow(bench, done.run);
    if (done.run.state !== "running") comeToRest(bench, done.run);
  };

  const begin = async (run: Run): Promise<Underway> => {
    if (run.step >= run.until) {
      throw new UsageError(`the run is done: it has taken all of its ${run.until} steps`);
    }
    const slow = await prepare(run);
    const marks = await marksOf(run.gan);
    const begun = { parts: slow.run(), total: slow.parts.length, run, marks };
    underway = begun;
    bench.unfinished = () => end(begun);
    return begun;
  };

  return {
    async learn(only) {
      const run = bench.theRun;
      const trains = run.state === "running";
      await pauseRun(run);
      await bench.turn(() => letLearn(run, only));
      if (trains) void trainOn(bench, run);
    },
    async stepFacts() {
      const run = bench.theRun;
      return bench.amidStep(async () => {
        const { parts } = underway?.run === run ? compiled!.slow : await prepare(run);
        const { generator, discriminator, plan } = run.gan;
        return {
          parts: parts.map(({ part, launches }) => ({
            part,
            launches: launches.map(({ label }) => label),
          })),
          batch: plan.batch,
          only: run.only,
          generator: { parameters: parameterCount(generator.parameters) },
          discriminator: { parameters: parameterCount(discriminator.parameters) },
        };
      });
    },
    async nextPart() {
      const run = bench.theRun;
      await pauseRun(run);
      return bench.amidStep(async () => {
        if (underway && underway.run !== run) underway = undefined; // of a run that is gone
        const step = underway ?? (await begin(run));
        const { value } = await step.parts.next();
        if (!value) throw new UsageError("the step has no parts");
        await paint(bench, run.gan, value);
        const done = value.at === step.total - 1;
        const number = run.step + 1;
        if (done) await end(step);
        const { at, part, numbers } = value;
        const after = done ? await marksOf(run.gan) : undefined;
        return { at, part, numbers, done, step: number, before: step.marks, after };
      });
    },
    async endStep() {
      await bench.turn(async () => undefined);
    },
    async fingerprints() {
      return bench.turn(() => fingerprintsOf(bench.theRun.gan));
    },
  };
}

/** Paints what a part made. */
async function paint({ painter }: Bench, gan: Gan, { part, arrays }: SlowPart): Promise<void> {
  const [height, width] = gan.recipe.image;
  const image = { height, width };
  const pictures: [name: string, array: GpuArray | undefined][] = [
    ["step-real", arrays.real],
    ["step-fake", arrays.fake],
  ];
  for (const [name, array] of pictures) {
    if (array) await painter.paint(name, { array, ...image, count: least(array) });
  }
  if (arrays.noise) {
    // Each latent as a block of grey squares: ten rows of ten for 100 numbers.
    const [, length = 1] = arrays.noise.shape;
    const across = Math.ceil(Math.sqrt(length));
    const rows = Math.floor(length / across);
    const shape = { height: rows, width: across, strides: [length, across, 1] as const };
    const { noise: array } = arrays;
    await painter.paint("step-noise", { array, ...shape, count: least(array), range: [-3, 3] });
  }
  if (arrays.slopes && part === "generator-backward") {
    const { slopes: array } = arrays;
    const peak = peakOf(await array.read());
    await painter.paint("step-slopes", {
      array,
      ...image,
      count: least(array),
      range: [-peak, peak],
    });
  }
}

const least = ({ shape }: GpuArray): number => Math.min(SHOWN, shape[0]!);

/** Returns a value that most magnitudes stay below: four times their root mean square. */
function peakOf(values: Float32Array): number {
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return Math.max(4 * Math.sqrt(square), 1e-12);
}

async function fingerprintsOf({ state }: Gan): Promise<Record<Player, string>> {
  const of = async (files: readonly (keyof Gan["state"])[]): Promise<string> => {
    const arrays = files.flatMap((file) => [...(state[file]?.values() ?? [])]);
    const parts = await Promise.all(arrays.map((array) => array.read()));
    return sha256(new Uint8Array(await new Blob(parts).arrayBuffer()));
  };
  return {
    generator: await of(["generator", "generator-adam", "generator-average"]),
    discriminator: await of(["discriminator", "discriminator-adam"]),
  };
}

async function marksOf(gan: Gan): Promise<Record<Player, string>> {
  const { generator, discriminator } = await fingerprintsOf(gan);
  return { generator: generator.slice(0, MARK), discriminator: discriminator.slice(0, MARK) };
}
