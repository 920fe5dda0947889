// A run on an open device, from its plan to its last picture.
import { kernelChoices, useChoices } from "../../kernels/variant.ts";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { withClusters } from "../../gan/clusters.ts";
import { checkGan, createGan, type Gan } from "../../gan/gan.ts";
import { verdict } from "../../gan/samples.ts";
import { averagedParameters, type Sharing } from "../../gan/sharing.ts";
import { HALF_SUM_BYTES } from "../../mpi/half-sums.ts";
import { findNonFinite } from "../../gan/numerics.ts";
import { compileSteps, type StepPrograms } from "../../gan/train-steps.ts";
import type { Device } from "../../gpu/device.ts";
import { CheckpointError, DivergedError } from "../../gpu/errors.ts";
import { explanationTable } from "../../gpu/inspection/explain.ts";
import { versions, type OpenedAdapter } from "../../gpu/node/adapter.ts";
import { workloadsOf } from "../../kernels/autotune.ts";
import { olderCheckpoints } from "../checkpoint-places.ts";
import { readCheckpoint } from "../checkpoints.ts";
import { KEPT_CHECKPOINTS } from "../defaults.ts";
import { constantsOf } from "../constants.ts";
import { readResumable } from "../resume.ts";
import { restoreGan } from "../restore-gan.ts";
import { createRunFolder } from "../run-folder.ts";
import type { RunRecord } from "../run-record.ts";
import { compileAhead, hasIdleCore, type Ahead } from "./compile-ahead.ts";
import type { Course } from "./course.ts";
import type { Draft, TrainFlags } from "./draft-run.ts";
import { createEvaluator, readEvaluations } from "../evaluation/evaluating.ts";
import { collectingAll } from "../collector.ts";
import { choicesFor, type RunChoices } from "../kernel-choices.ts";
import { writeFirstPictures } from "./run-pictures.ts";
import { createPhases, inPhase } from "../phases.ts";
import type { Ui } from "../ui.ts";
import type { Team } from "./team.ts";
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
export interface Opened {
  readonly device: Device;
  readonly opened: OpenedAdapter;
  readonly journey: Journey;
  /** Leaves the handling of signals to the loop. */
  readonly leave: () => void;
  /** Set if a comparison drives the run. */
  readonly course: Course | undefined;
  /** Set if ranks share the training. */
  readonly team: Team | undefined;
}

/** A run that knows its kernels, and may have a child that compiles them. */
interface Prepared extends Opened {
  readonly chosen: RunChoices;
  readonly ahead: Ahead | undefined;
}

/** Trains on an open device to the end, or until asked to stop. */
export async function run(ui: Ui, draft: Draft, flags: TrainFlags, on: Opened): Promise<void> {
  const { recipe, batch, seed, data, activationType } = draft;
  // Before sorting takes its time.
  const { sharing } = on.team ?? {};
  checkGan(on.device, recipe, data, { seed, batch, activationType, sharing });
  const chosen = await choicesFor(draft.earlier, on.opened);
  await on.team?.agree({ data, adapter: on.opened.name, choices: chosen.choices });
  const helps = !flags.explain && !on.team && hasIdleCore();
  const ahead = helps ? await compileAhead(draft, on.opened, chosen.choices) : undefined;
  try {
    await runWith(ui, draft, flags, { ...on, chosen, ahead });
  } finally {
    ahead?.stop();
  }
}

async function runWith(
  ui: Ui,
  draft: Draft,
  flags: TrainFlags,
  { device, opened, journey, leave, course, team, chosen, ahead }: Prepared,
): Promise<void> {
  const { print } = ui;
  const { folder, recipe, batch, seed, data, activationType } = draft;
  const options = { seed, batch, activationType, sharing: team?.sharing };
  const isUnused = draft.earlier !== undefined || flags.explain === true;
  const phases = createPhases(ui);
  const tell = (line: string): void => void phases.begin(line.replace(/ …$/, ""));
  const sorted = await withClusters(recipe, data, { seed, isUnused, tell }).finally(phases.stop);
  const gan = createGan(device, recipe, sorted, options);
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
  if (resumed) restoreGan(gan, resumed.checkpoint);
  const from = resumed?.checkpoint.step ?? 0;
  const until = flags.steps ?? (flags.epochs ?? recipe.epochs) * plan.steps;
  await team?.start(gan, { from, until });
  if (until <= from && draft.earlier) {
    print(`${folder.path} has ${from} steps already; ${until} were asked for. Nothing to do.`);
    return;
  }
  print(describe(draft, gan, from, until));
  const evaluations = resumed && readEvaluations(folder, resumed.checkpoint);
  for (const note of [...(resumed?.notes ?? []), ...(evaluations?.notes ?? [])]) print(note);
  resumed?.begin();
  evaluations?.begin(draft.earlier?.adapter === opened.name);

  const programs = await compileChosen(ui, gan, chosen);
  print(
    `Peak GPU memory ${(programs.peakBytes / 1e6).toFixed(0)} MB, including ${(data.images.length / 1e6).toFixed(0)} MB for the dataset; ${programs.full.plan.dispatches.length} dispatches per step`,
  );
  if (team) print(wireWords(gan, team.sharing));
  // With a course, the stretch says when to evaluate, not the plan.
  const evaluate = course ? { every: "epoch" as const, count: course.count } : draft.evaluate;
  const evaluator = evaluate && (await createEvaluator(ui, gan, folder, draft, evaluate));
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
    stretch: course?.begin({ folder, from, gan, programs }),
    journey,
    sound,
    ahead,
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
    restore: () => restoreGan(gan, checkpoint),
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
  gan: Gan,
  { choices, words }: RunChoices,
): Promise<StepPrograms> {
  const { device } = gan;
  useChoices(device, choices);
  let programs: StepPrograms | undefined;
  const uses = await workloadsOf(device, async () => {
    programs = await inPhase(ui, "Compiling kernels", (part) => compileSteps(gan, part), {
      counted: true,
    });
  });
  const { stored } = kernelChoices(device);
  for (const key of stored.keys()) if (!uses.has(key)) stored.delete(key);
  ui.print(`Kernels: ${words(stored.size, uses.size)}`);
  return programs!;
}

function wireWords(gan: Gan, { ranks: { size }, reduce }: Sharing): string {
  const averaged = averagedParameters(gan);
  const bytes = reduce === "f16" ? HALF_SUM_BYTES : 4;
  // If the library reduces as cheaply as can be.
  const megabytes = ((bytes * averaged * 2 * (size - 1)) / size / 1e6).toFixed(2);
  const each = bytes.toFixed(2).replace(".00", "");
  return `Per step, each rank sends ${megabytes} MB to average the gradients of ${averaged} parameters: ${each} bytes × 2 · ${size - 1} / ${size}`;
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
  const untrained = await inPhase(ui, "Asking the untrained discriminator", () =>
    verdict(gan, seed),
  );
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
      ...(draft.size === undefined ? {} : { size: draft.size }),
    },
    activationType: gan.activationType,
    ...(draft.batchNorm === "local" ? { batchNorm: "local" } : {}),
    ...(draft.reduce === "f16" ? { reduce: "f16" } : {}),
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
  await inPhase(ui, "Drawing the first pictures", () =>
    writeFirstPictures(folder, gan, data, seed, ui.print),
  );
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
  const { profilePicture, profileStep, profileTable } = await import("../profiling.ts");
  ui.print("Profiling the step; the networks stay as they are.");
  const profiled = await profileStep(ui, gan.device, step, opened.name, { rounds: 3 });
  ui.print(...profileTable(profiled).split("\n"));
  const title = `${recipe.name}, batch ${gan.plan.batch}: a step's kernels`;
  writeFileAtomic(folder.roofline, profilePicture(profiled, title));
  ui.print(`The same as a picture: ${folder.roofline}`);
}
