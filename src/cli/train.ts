// `longhand train`: a run from its first check to its last picture.
import { readFileSync } from "node:fs";
import { writeFileAtomic } from "../checkpoint/files.ts";
import { recoverFolder, readFolder } from "../checkpoint/folders.ts";
import { truncateJsonl } from "../checkpoint/jsonl.ts";
import { parseState, restoreArrays } from "../checkpoint/state.ts";
import { createGan, verdict, type Gan } from "../gan/gan.ts";
import { compileSteps, type StepPrograms, type StepRecord } from "../gan/train.ts";
import type { Device } from "../gpu/device.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import { explanationTable } from "../gpu/explain.ts";
import { versions, type OpenedAdapter } from "../gpu/node.ts";
import { workloadsOf } from "../kernels/tune.ts";
import { checkStorage, draftResumed, draftRun, type Draft, type TrainFlags } from "./draft-run.ts";
import { constantsOf } from "../runs/constants.ts";
import { createEvaluator, restoreEvaluations } from "./evaluating.ts";
import { collectingAll } from "./collector.ts";
import { choicesFor } from "./kernel-choices.ts";
import { profilePicture, profileStep, profileTable } from "./profiling.ts";
import { createRunFolder, type RunFolder, type RunRecord } from "../runs/run-folder.ts";
import { writeFirstPictures } from "./run-pictures.ts";
import { withDevice } from "./session.ts";
import { loop } from "./train-loop.ts";
import { DEFAULT_BUDGET, tuneRecipe } from "./tune.ts";

/** Trains, and leaves a run folder. Throws a `LonghandError` for whatever a person can mend. */
export async function trainCommand(flags: TrainFlags): Promise<void> {
  if (flags.epochs !== undefined && flags.steps !== undefined) {
    throw new UsageError("--epochs and --steps: give one of them; each says where the run ends");
  }
  const draft = flags.resume === undefined ? await draftRun(flags) : await draftResumed(flags);
  await withDevice(flags.adapter, async (device, opened) => {
    console.log(opened.line);
    checkStorage(draft, device, opened.name);
    for (const note of draft.notes) console.log(note);
    if (draft.earlier && draft.earlier.adapter !== opened.name) {
      console.log(
        `The run was on ${draft.earlier.adapter}; it goes on with this adapter, and other bits.`,
      );
    }
    if (flags.tune !== undefined) {
      const budget = flags.tune === true ? DEFAULT_BUDGET : flags.tune;
      const { recipe, batch } = draft;
      await tuneRecipe({ recipe, batch, adapter: flags.adapter, budget, again: false });
    }
    await run(draft, flags, device, opened);
  });
}

async function run(
  draft: Draft,
  flags: TrainFlags,
  device: Device,
  opened: OpenedAdapter,
): Promise<void> {
  const { folder, recipe, batch, seed, data, storage } = draft;
  const gan = createGan(device, recipe, data, { seed, batch, storage });
  const { plan } = gan;
  if (draft.earlier && draft.earlier.stepsPerEpoch !== plan.steps) {
    throw new CheckpointError(
      `${folder.path}: its epochs have ${draft.earlier.stepsPerEpoch} steps, with these images they would have ${plan.steps}; resume with the data it was trained on`,
    );
  }
  if (flags.explain) {
    console.log(explanationTable((await compileSteps(gan)).full.explain()));
    return;
  }
  const from = draft.earlier ? restore(gan, folder) : 0;
  const until = flags.steps ?? (flags.epochs ?? recipe.epochs) * plan.steps;
  if (until <= from && draft.earlier) {
    console.log(
      `${folder.path} has ${from} steps already; ${until} were asked for. Nothing to do.`,
    );
    return;
  }
  console.log(describe(draft, gan, from, until));
  const evaluations = draft.earlier
    ? restoreEvaluations(folder, from, draft.earlier.adapter === opened.name)
    : [];

  const programs = await compileChosen(draft, gan, opened);
  console.log(
    `Peak GPU memory ${(programs.peakBytes / 1e6).toFixed(0)} MB, the dataset's ${(data.images.length / 1e6).toFixed(0)} MB included; ${programs.full.plan.dispatches.length} dispatches a step`,
  );
  const evaluator = draft.evaluate && (await createEvaluator(gan, folder, draft, draft.evaluate));
  const record = draft.earlier ?? (await begin(draft, gan, opened));
  if (flags.profile) await writeProfile(draft, gan, programs.full, opened);
  const rows = draft.earlier ? readRows(folder, from) : [];
  const options = {
    draft,
    gan,
    programs,
    record,
    from,
    until,
    flags,
    rows,
    evaluator,
    evaluations,
  };
  await collectingAll(() => loop(options));
}

/**
 * Compiles the steps with the run's own kernels, or with what was tuned on this adapter if it is a new
 * run, and says so. From then on the device holds those choices that the steps have a use for.
 */
async function compileChosen(draft: Draft, gan: Gan, opened: OpenedAdapter): Promise<StepPrograms> {
  const { device } = gan;
  const { choices, words } = await choicesFor(draft.earlier, opened);
  for (const [key, variant] of Object.entries(choices)) device.choices.set(key, variant);
  let programs: StepPrograms | undefined;
  const uses = await workloadsOf(device, async () => {
    programs = await compileSteps(gan);
  });
  for (const key of device.choices.keys()) if (!uses.has(key)) device.choices.delete(key);
  console.log(`Kernels: ${words(device.choices.size, uses.size)}`);
  return programs!;
}

/** Puts a checkpoint's arrays on the device, and cuts the log back to it. Returns its step. */
function restore(gan: Gan, folder: RunFolder): number {
  recoverFolder(folder.checkpoint);
  const files = readFolder(folder.checkpoint);
  const state = parseState(files, folder.checkpoint);
  restoreArrays(gan.state, files, folder.checkpoint);
  gan.random.state.write(
    Uint32Array.of(state.seed >>> 0, Math.floor(state.seed / 2 ** 32), state.step),
  );
  truncateJsonl(folder.metrics, (row) => typeof row.step === "number" && row.step <= state.step);
  return state.step;
}

function readRows(folder: RunFolder, step: number): StepRecord[] {
  const lines = readFileSync(folder.metrics, "utf8").split("\n").filter(Boolean);
  // Rows are our own, checked by `truncateJsonl` a moment ago.
  const rows = lines.map((line): StepRecord => JSON.parse(line));
  if (rows.length !== step) {
    throw new CheckpointError(
      `${folder.metrics}: has ${rows.length} rows up to the checkpoint's step ${step}; a row is missing`,
    );
  }
  return rows;
}

function describe(draft: Draft, gan: Gan, from: number, until: number): string {
  const { plan } = gan;
  const left = plan.dropped
    ? `, the ${plan.dropped} images left over sit the epoch out`
    : plan.last < plan.batch
      ? `, the last of ${plan.last}`
      : "";
  const start = from > 0 ? `resumed at step ${from}, ` : "";
  return `Recipe ${draft.recipe.name}: ${start}${until} steps in all; an epoch is ${plan.steps} batches of ${plan.batch}${left}. Seed ${draft.seed}. Writing to ${draft.folder.path}`;
}

/** The first writes of a new run: its folder, the models, and the untrained networks' picture and verdict. */
async function begin(draft: Draft, gan: Gan, opened: OpenedAdapter): Promise<RunRecord> {
  const { folder, seed, data } = draft;
  const untrained = await verdict(gan, seed);
  const { logit, probability } = untrained;
  const record: RunRecord = {
    format: 1,
    recipe: draft.recipe.name,
    constants: constantsOf(draft.recipe),
    batch: draft.batch,
    seed,
    data: { folder: draft.dataFolder, images: data.count, fingerprint: data.fingerprint },
    storage: gan.storage,
    stepsPerEpoch: gan.plan.steps,
    evaluate: draft.evaluate ?? null,
    adapter: opened.name,
    versions: Object.fromEntries(
      Object.entries(versions()).map(([name, version]) => [name, String(version)]),
    ),
    choices: Object.fromEntries(gan.device.choices),
    untrained,
  };
  createRunFolder(folder, record);
  await writeFirstPictures(folder, gan, data, seed);
  writeFileAtomic(folder.metrics, "");
  console.log(
    `Untrained: D gives G's first image a logit of ${logit.toFixed(4)}, so ${(probability * 100).toFixed(1)} % real (${folder.untrained})`,
  );
  return record;
}

/** Profiles the step before the first one: prints the table, and leaves the picture in the run's folder. */
async function writeProfile(
  { folder, recipe }: Draft,
  gan: Gan,
  step: StepPrograms["full"],
  opened: OpenedAdapter,
): Promise<void> {
  console.log("Profiling the step; the networks stay as they are.");
  const profiled = await profileStep(gan.device, step, opened.name, { rounds: 3 });
  console.log(profileTable(profiled));
  const title = `${recipe.name}, batch ${gan.plan.batch}: a step's kernels`;
  writeFileAtomic(folder.roofline, profilePicture(profiled, title));
  console.log(`The same as a picture: ${folder.roofline}`);
}
