// The run: a GAN in training, its record, and the loop that takes its steps in short turns.
import {
  compileSteps,
  createGan,
  generatorInputs,
  type Gan,
  type StepPrograms,
  type StepRecord,
} from "../../src/gan.ts";
import {
  compileDrawing,
  type Player,
  stepsOf,
  toGray,
  useChoices,
  withClusters,
  wordsOf,
  workloadsOf,
  type Choices,
  type Drawing,
  type ImageSet,
} from "../../src/web.ts";
import { recipeOf, type Settings } from "../state/settings.ts";
import { loadLanes, type Bench } from "./bench.ts";
import type { RunState } from "./events.ts";
import { breathe } from "./breathe.ts";
import { Frames, type Frame } from "./frames.ts";

const TURN_MS = 12; // what others wait at most for a run on a GPU; a step that takes longer is a turn of its own
const REPORT_MS = 250;
const SAMPLES = 36;
const ROWS_OF_CLASSES = 4;

/** A GAN in training. */
export interface Run {
  readonly settings: Settings;
  readonly gan: Gan;
  readonly data: ImageSet;
  readonly choices: Choices;
  /** The steps that training takes: of both networks, or of the one that learns alone. */
  programs: StepPrograms;
  /** The only network that learns at the moment; undefined if both do. */
  only: Player | undefined;
  /** Draws the samples, always from the same noise. */
  readonly samples: Drawing;
  readonly frames: Frames;
  /** The record of every step since the run's beginning, or since the checkpoint that it was resumed from. */
  readonly records: StepRecord[];
  /** Steps done before this run was built: 0, or those of its checkpoint. */
  readonly from: number;
  /** Steps done. */
  step: number;
  /** Steps in all. */
  readonly until: number;
  state: RunState;
  /** Whether the visitor looks at samples of before: the current ones are drawn, but not painted over them. */
  looksBack: boolean;
  /** Resolves when the training that was last begun has ended. */
  ended: Promise<void>;
  /** Functions that are called after each report, and waited for: saving, measuring gradients. */
  readonly watchers: (() => unknown)[];
}

/** What a run starts from. */
export interface Beginning {
  readonly settings: Settings;
  readonly data: ImageSet;
  readonly choices: Choices;
  /** Steps done before. */
  readonly step?: number;
  /** Writes the arrays of a checkpoint into the new GAN, before its first samples are drawn. */
  readonly restore?: (gan: Gan) => unknown;
  /** The records of the steps done before. */
  readonly records?: readonly StepRecord[];
  /** The timeline of the steps done before. */
  readonly frames?: readonly Frame[];
  /** The only network that learns; both by default. */
  readonly only?: Player | undefined;
}

/** Builds a run on the bench's device, and draws its first samples. It is paused. */
export async function createRun(bench: Bench, beginning: Beginning): Promise<Run> {
  const { settings, data, step = 0, restore, records = [], frames = [] } = beginning;
  const { seed, activationType } = settings;
  const recipe = recipeOf(settings);
  const { device } = bench;
  const batch = settings.batch ?? recipe.batch;
  const sorted = await withClusters(recipe, data, {
    seed,
    isUnused: restore !== undefined,
    tell: (text) => bench.tell({ type: "state", state: "preparing", text }),
  });
  const gan = createGan(device, recipe, sorted, { seed, batch, activationType });
  if (Object.values(beginning.choices).includes("lanes")) await loadLanes();
  useChoices(device, beginning.choices);
  restore?.(gan);
  const progress = (done: number, total: number): void => {
    const text = `Compiling the kernels: ${done} of ${total}…`;
    bench.tell({ type: "state", state: "preparing", text });
  };
  let programs: StepPrograms;
  const uses = await workloadsOf(device, async () => {
    programs = await compileSteps(gan, progress);
  });
  // Only the choices that its steps use are the run's.
  const choices = Object.fromEntries(
    Object.entries(beginning.choices).filter(([key]) => uses.has(key)),
  );
  const count = recipe.classes === undefined ? SAMPLES : ROWS_OF_CLASSES * recipe.classes;
  const samples = await compileDrawing(gan, count, "samples");
  samples.inputs.write(await generatorInputs(gan, seed, count));
  const until = settings.steps ?? recipe.epochs * gan.plan.steps;
  const run: Run = {
    settings,
    gan,
    data,
    choices,
    programs: programs!,
    only: undefined,
    samples,
    frames: new Frames(),
    records: [...records],
    from: step,
    step,
    until,
    state: "paused",
    looksBack: false,
    ended: Promise.resolve(),
    watchers: [],
  };
  run.frames.list.push(...frames);
  await letLearn(run, beginning.only);
  bench.run = run;
  bench.tell({
    type: "plan",
    images: data.count,
    batch,
    stepsPerEpoch: gan.plan.steps,
    steps: until,
    from: step,
    records,
    dispatches: programs!.full.plan.dispatches.length,
    bytes: programs!.peakBytes,
  });
  await keepFrame(bench, run);
  return run;
}

/** Draws the run's samples with its current weights, and paints them. */
export async function drawSamples(bench: Bench, run: Run): Promise<void> {
  await run.samples.program.run();
  if (run.looksBack) return;
  const { images, count } = run.samples;
  const [height, width] = run.gan.recipe.image;
  const columns = run.gan.recipe.classes ?? Math.sqrt(SAMPLES);
  await bench.painter.paint("samples", { array: images, count, height, width, columns });
}

/** Draws the samples and keeps them for the timeline. */
async function keepFrame(bench: Bench, run: Run): Promise<void> {
  await drawSamples(bench, run);
  const pixels = toGray(Float32Array.from(await run.samples.images.read()));
  run.frames.add({ step: run.step, pixels });
  bench.tell({ type: "frame", step: run.step, frames: run.frames.list.length });
}

/** Changes what a run is doing, and says so. */
export function enter(bench: Bench, run: Run, state: RunState, text: string): void {
  run.state = state;
  bench.tell({ type: "state", state, text });
}

/** Trains until the run is paused, done, or fails, or until `steps` are taken. */
export function trainOn(bench: Bench, run: Run, steps: number = Infinity): Promise<void> {
  if (isRunning(run)) return Promise.resolve();
  run.ended = train(bench, run, steps);
  return run.ended;
}

/** Lets one network of a run learn alone from now on, or both. In a turn of the bench, while the run is paused. */
export async function letLearn(run: Run, only: Player | undefined): Promise<void> {
  if (run.only === only) return;
  run.programs = await compileSteps(run.gan, undefined, { only });
  run.only = only;
}

/** Pauses a run, and waits until its last step is done and reported. */
export async function pauseRun(run: Run): Promise<void> {
  if (isRunning(run)) run.state = "paused";
  await run.ended;
}

async function train(bench: Bench, run: Run, steps: number): Promise<void> {
  const who = run.only === undefined ? "" : ` the ${run.only} alone`;
  enter(bench, run, "running", `Training${who}.`);
  const clock: Clock = { since: Number.NaN, step: run.step };
  try {
    await bench.turn(async () => undefined); // ends a step that stands half-way, which counts as one of before
    const last = Math.min(run.until, run.step + steps);
    while (isRunning(run) && run.step < last) {
      await bench.turn(() => takeTurn(bench, run, last, clock));
      await breathe();
    }
    if (bench.run !== run) return; // another one has begun
    await bench.turn(() => report(bench, run, clock));
  } catch (error) {
    if (bench.isLoss(error)) return; // the bench hears of it too, and recovers the run
    enter(bench, run, "failed", wordsOf(error, Infinity));
    return;
  }
  comeToRest(bench, run);
}

/** Says that a run takes no more steps: for now, or because it is done. */
export function comeToRest(bench: Bench, run: Run): void {
  if (run.step >= run.until) enter(bench, run, "done", `Done: ${run.step} steps.`);
  else enter(bench, run, "paused", `Paused after step ${run.step}.`);
}

const isRunning = ({ state }: Run): boolean => state === "running";

/** The time and the step of the last report; the time is NaN before the first, whose steps compile on some adapters. */
interface Clock {
  since: number;
  step: number;
}

// Steps for a few milliseconds, and a report if it is time for one.
async function takeTurn(bench: Bench, run: Run, last: number, clock: Clock): Promise<void> {
  const { gan, programs, settings } = run;
  const { step: take } = stepsOf(gan, programs, { from: run.step, until: run.until });
  const ends = performance.now() + TURN_MS;
  const isMarked = (): boolean =>
    run.step % settings.sampleEvery === 0 ||
    run.step % gan.plan.steps === 0 ||
    run.step - reportedStep(run) >= gan.ring.shape[0]! / 2; // the ring is read before it wraps
  do {
    run.step += 1;
    await take(run.step);
  } while (!isMarked() && run.step < last && performance.now() < ends);
  const waited = performance.now() - clock.since < REPORT_MS;
  if (isMarked() || !waited) await report(bench, run, clock, isMarked());
}

/** Reads the records of all steps that were taken, and tells them. Call in a turn. */
export async function settle(bench: Bench, run: Run): Promise<void> {
  if (reportedStep(run) === run.step) return;
  const records = await readRecords(run);
  bench.tell({ type: "progress", step: run.step, records, imagesPerSecond: undefined });
}

/** Reports steps that were taken in another way than by `trainOn`. Call it in a turn. */
export async function reportNow(bench: Bench, run: Run): Promise<void> {
  await report(bench, run, { since: Number.NaN, step: run.step }, false);
}

const reportedStep = ({ records, from }: Run): number => records.at(-1)?.step ?? from;

/** Reads the records since the last report, adds them to the run's, and returns them. */
async function readRecords(run: Run): Promise<readonly StepRecord[]> {
  const after = reportedStep(run);
  const { values } = stepsOf(run.gan, run.programs, { from: after, until: run.until });
  const fresh = await values!(after, run.step); // waits for the GPU
  run.records.push(...fresh);
  return fresh;
}

/** Tells the records since the last report, and draws the samples; `keep` adds them to the timeline. */
async function report(bench: Bench, run: Run, clock: Clock, keep = true): Promise<void> {
  if (reportedStep(run) === run.step) return;
  const records = await readRecords(run);
  const seconds = (performance.now() - clock.since) / 1000;
  const timed = (run.step - clock.step) * run.gan.plan.batch;
  bench.tell({
    type: "progress",
    step: run.step,
    records,
    imagesPerSecond: Number.isNaN(seconds) ? undefined : timed / seconds,
  });
  await (keep ? keepFrame(bench, run) : drawSamples(bench, run));
  for (const watch of run.watchers) await watch();
  Object.assign(clock, { since: performance.now(), step: run.step });
}
