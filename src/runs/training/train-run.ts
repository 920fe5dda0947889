// A run on an open device, from its plan to its last picture.
import { kernelChoices, useChoices } from "../../kernels/variant.ts";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { restoreArrays } from "../../checkpoint/arrays.ts";
import { createGan, verdict, type Gan } from "../../gan/gan.ts";
import { findNonFinite } from "../../gan/numerics.ts";
import { compileSteps, type StepPrograms } from "../../gan/train-steps.ts";
import type { Device } from "../../gpu/device.ts";
import { CheckpointError, DivergedError } from "../../gpu/errors.ts";
import { explanationTable } from "../../gpu/inspection/explain.ts";
import { versions, type OpenedAdapter } from "../../gpu/node/adapter.ts";
import { workloadsOf } from "../../kernels/autotune.ts";
import { olderCheckpoints } from "../checkpoint-places.ts";
import { KEPT_CHECKPOINTS, readCheckpoint, type Checkpoint } from "../checkpoints.ts";
import { constantsOf } from "../constants.ts";
import { readResumable } from "../resume.ts";
import { createRunFolder, type RunRecord } from "../run-folder.ts";
import type { Draft, TrainFlags } from "./draft-run.ts";
import { createEvaluator, readEvaluations } from "../evaluation/evaluating.ts";
import { collectingAll } from "../collector.ts";
import { choicesFor } from "../kernel-choices.ts";
import { profilePicture, profileStep, profileTable } from "../profiling.ts";
import { writeFirstPictures } from "./run-pictures.ts";
import type { Ui } from "../ui.ts";
import { loop } from "./train-loop.ts";

/** The state of a run that outlives a lost device. */
export interface Journey {
  /** When its first step began, by `performance.now()`. */
  began: number | undefined;
  /** Steps done, saved or not. */
  reached: number;
  /** The newest checkpoint's step. */
  saved: number;
  /** Set as soon as there is a checkpoint to go on from. */
  record: RunRecord | undefined;
  /** The step at which the device was last lost. */
  lostAt: number | undefined;
}

/** What a run has once a device is open. */
interface Opened {
  readonly device: Device;
  readonly opened: OpenedAdapter;
  readonly journey: Journey;
  /** Leaves the handling of signals to the loop. */
  readonly leave: () => void;
}

/** Trains on an open device to the end, or until asked to stop. */
export async function run(
  ui: Ui,
  draft: Draft,
  flags: TrainFlags,
  { device, opened, journey, leave }: Opened,
): Promise<void> {
  const { print } = ui;
  const { folder, recipe, batch, seed, data, activationType } = draft;
  const gan = createGan(device, recipe, data, { seed, batch, activationType });
  const { plan } = gan;
  if (flags.explain) {
    print(...explanationTable((await compileSteps(gan)).full.explain()).split("\n"));
    return;
  }
  // After the device was lost, the newest checkpoint is this process's own, whichever it began with.
  const which = journey.record ? "last" : (flags.checkpoint ?? "last");
  const resumed = draft.earlier && readResumable(folder, draft.earlier, which);
  if (draft.earlier && draft.earlier.stepsPerEpoch !== plan.steps) {
    throw new CheckpointError(
      `${folder.path}: its epochs have ${draft.earlier.stepsPerEpoch} steps, but with these images they would have ${plan.steps}; resume with the data it was trained on`,
    );
  }
  if (resumed) putOnDevice(gan, resumed.checkpoint);
  const from = resumed?.checkpoint.step ?? 0;
  const until = flags.steps ?? (flags.epochs ?? recipe.epochs) * plan.steps;
  if (until <= from && draft.earlier) {
    print(`${folder.path} has ${from} steps already; ${until} were asked for. Nothing to do.`);
    return;
  }
  print(describe(draft, gan, from, until));
  const evaluations = resumed && readEvaluations(folder, resumed.checkpoint);
  for (const note of [...(resumed?.notes ?? []), ...(evaluations?.notes ?? [])]) print(note);
  resumed?.begin();
  evaluations?.begin(draft.earlier?.adapter === opened.name);

  const programs = await compileChosen(ui, draft, gan, opened);
  print(
    `Peak GPU memory ${(programs.peakBytes / 1e6).toFixed(0)} MB, including ${(data.images.length / 1e6).toFixed(0)} MB for the dataset; ${programs.full.plan.dispatches.length} dispatches per step`,
  );
  const evaluator =
    draft.evaluate && (await createEvaluator(ui, gan, folder, draft, draft.evaluate));
  const record = draft.earlier ?? (await begin(ui, draft, gan, opened));
  if (flags.profile && !journey.record) await writeProfile(ui, draft, gan, programs.full, opened);
  leave();
  const said = { rows: resumed?.records ?? [], evaluations: evaluations?.rows ?? [] };
  const sound = opened.kind !== "null"; // its numbers are whatever was in memory
  // A run that was told to keep more still does when it is resumed without the flag.
  const keep =
    flags.keepCheckpoints ?? Math.max(KEPT_CHECKPOINTS, 1 + olderCheckpoints(folder).length);
  const all = {
    ui,
    draft,
    gan,
    programs,
    record,
    from,
    until,
    flags,
    keep,
    evaluator,
    journey,
    sound,
  };
  try {
    await collectingAll(() => loop({ ...all, ...said }));
  } catch (error) {
    if (!(error instanceof DivergedError) || !flags.checkNumerics) throw error;
    throw await explained(ui, error, gan, programs, draft, journey);
  }
}

/**
 * Returns the error of a diverged run with the dispatch that caused it, found by repeating the steps from the newest
 * checkpoint.
 */
async function explained(
  ui: Ui,
  error: DivergedError,
  gan: Gan,
  programs: StepPrograms,
  { folder }: Draft,
  { reached }: Journey,
): Promise<DivergedError> {
  const checkpoint = readCheckpoint(folder, "last");
  const from = checkpoint.step;
  ui.print(`Repeating steps ${from + 1} to ${reached}, to see where it begins.`);
  const found = await findNonFinite(gan, programs, {
    from,
    until: reached,
    restore: () => putOnDevice(gan, checkpoint),
  });
  const words = found
    ? `the first to go bad, at step ${found.step}: ${found.words}`
    : `when repeated, steps ${from + 1} to ${reached} stayed finite: the adapter computes different bits from the same numbers, or its memory is faulty`;
  return new DivergedError(`${error.message}; ${words}`, { cause: error });
}

/**
 * Compiles the steps with the run's own kernels, or with those tuned on this adapter if the run is new, and prints
 * which. From then on, the device holds only the choices that the steps use.
 */
async function compileChosen(
  ui: Ui,
  draft: Draft,
  gan: Gan,
  opened: OpenedAdapter,
): Promise<StepPrograms> {
  const { device } = gan;
  const { choices, words } = await choicesFor(draft.earlier, opened);
  useChoices(device, choices);
  let programs: StepPrograms | undefined;
  const uses = await workloadsOf(device, async () => {
    programs = await compileSteps(gan);
  });
  const { stored } = kernelChoices(device);
  for (const key of stored.keys()) if (!uses.has(key)) stored.delete(key);
  ui.print(`Kernels: ${words(stored.size, uses.size)}`);
  return programs!;
}

/** Puts a checkpoint's arrays and random state on the device. */
function putOnDevice(gan: Gan, { files, path, state }: Checkpoint): void {
  restoreArrays(gan.state, files, path);
  gan.rng.state.write(
    Uint32Array.of(state.seed >>> 0, Math.floor(state.seed / 2 ** 32), state.step),
  );
}

function describe(draft: Draft, gan: Gan, from: number, until: number): string {
  const { plan } = gan;
  const left = plan.dropped
    ? `, without the ${plan.dropped} images left over`
    : plan.last < plan.batch
      ? `, the last of ${plan.last}`
      : "";
  const start = from > 0 ? `resumed at step ${from}, ` : "";
  return `Recipe ${draft.recipe.name}: ${start}${until} steps in all; an epoch is ${plan.steps} batches of ${plan.batch}${left}. Seed ${draft.seed}. Writing to ${draft.folder.path}`;
}

/** Writes the first files of a new run: its folder, the networks, and the untrained networks' picture and verdict. */
async function begin(ui: Ui, draft: Draft, gan: Gan, opened: OpenedAdapter): Promise<RunRecord> {
  const { folder, seed, data } = draft;
  const untrained = await verdict(gan, seed);
  const { logit, probability } = untrained;
  const record: RunRecord = {
    format: 1,
    recipe: draft.recipe.name,
    constants: constantsOf(draft.recipe),
    batch: draft.batch,
    seed,
    data: {
      folder: draft.dataFolder,
      images: data.count,
      fingerprint: data.fingerprint,
      transposed: data.transposed,
    },
    activationType: gan.activationType,
    stepsPerEpoch: gan.plan.steps,
    evaluate: draft.evaluate ?? null,
    adapter: opened.name,
    versions: Object.fromEntries(
      Object.entries(versions()).map(([name, version]) => [name, String(version)]),
    ),
    choices: Object.fromEntries(kernelChoices(gan.device).stored),
    untrained,
  };
  draft.claim?.begin();
  createRunFolder(folder, record);
  await writeFirstPictures(folder, gan, data, seed, ui.print);
  writeFileAtomic(folder.metrics, "");
  ui.print(
    `Untrained: D assigns G's first image a logit of ${logit.toFixed(4)}, which is ${(probability * 100).toFixed(1)} % real (${folder.untrained})`,
  );
  return record;
}

/** Profiles the step before training begins: prints the table, and writes the picture to the run's folder. */
async function writeProfile(
  ui: Ui,
  { folder, recipe }: Draft,
  gan: Gan,
  step: StepPrograms["full"],
  opened: OpenedAdapter,
): Promise<void> {
  ui.print("Profiling the step; the networks stay as they are.");
  const profiled = await profileStep(ui, gan.device, step, opened.name, { rounds: 3 });
  ui.print(...profileTable(profiled).split("\n"));
  const title = `${recipe.name}, batch ${gan.plan.batch}: a step's kernels`;
  writeFileAtomic(folder.roofline, profilePicture(profiled, title));
  ui.print(`The same as a picture: ${folder.roofline}`);
}
