// `longhand train`: a run from its first check to its last picture.
import { readFileSync } from "node:fs";
import { writeFileAtomic } from "../checkpoint/files.ts";
import { recoverFolder, readFolder, writeFolderAtomic } from "../checkpoint/folders.ts";
import { openJsonl, truncateJsonl } from "../checkpoint/jsonl.ts";
import { checkpointFiles, parseState, restoreArrays } from "../checkpoint/state.ts";
import { createGan, verdict, type Gan } from "../gan/gan.ts";
import { compileSteps, train, type StepPrograms, type StepRecord } from "../gan/train.ts";
import type { Device } from "../gpu/device.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import { explanationTable } from "../gpu/explain.ts";
import { versions, type OpenedAdapter } from "../gpu/node.ts";
import { workloadsOf } from "../kernels/tune.ts";
import { checkStorage, draftResumed, draftRun, type Draft, type TrainFlags } from "./draft-run.ts";
import { choicesFor } from "./kernel-choices.ts";
import { profilePicture, profileStep, profileTable } from "./profiling.ts";
import { createProgressView, formatDuration, type ProgressView } from "./progress.ts";
import { createRunFolder, type RunFolder, type RunRecord } from "./run-folder.ts";
import { writeGif, writeGrid, writeLossPlot, writeModels } from "./run-pictures.ts";
import { withDevice } from "./session.ts";
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

  const programs = await compileChosen(draft, gan, opened);
  console.log(
    `Peak GPU memory ${(programs.peakBytes / 1e6).toFixed(0)} MB, the dataset's ${(data.images.length / 1e6).toFixed(0)} MB included; ${programs.full.plan.dispatches.length} dispatches a step`,
  );
  const record = draft.earlier ?? (await begin(draft, gan, opened));
  if (flags.profile) await writeProfile(draft, gan, programs.full, opened);
  const earlierRows = draft.earlier ? readRows(folder, from) : [];
  await loop({ draft, gan, programs, record, from, until, flags, rows: earlierRows });
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
  const logit = await verdict(gan, seed);
  const probability = 1 / (1 + Math.exp(-logit));
  const record: RunRecord = {
    format: 1,
    recipe: draft.recipe.name,
    batch: draft.batch,
    seed,
    data: { folder: draft.dataFolder, images: data.count, fingerprint: data.fingerprint },
    storage: gan.storage,
    stepsPerEpoch: gan.plan.steps,
    adapter: opened.name,
    versions: Object.fromEntries(
      Object.entries(versions()).map(([name, version]) => [name, String(version)]),
    ),
    choices: Object.fromEntries(gan.device.choices),
    untrained: { logit, probability },
  };
  createRunFolder(folder, record);
  await writeGrid(gan, seed, folder.untrained);
  writeModels(folder, gan);
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

interface Loop {
  readonly draft: Draft;
  readonly gan: Gan;
  readonly programs: StepPrograms;
  readonly record: RunRecord;
  readonly from: number;
  readonly until: number;
  readonly flags: TrainFlags;
  readonly rows: StepRecord[];
}

async function loop(options: Loop): Promise<void> {
  const { draft, gan, programs, record, from, until, flags, rows } = options;
  const { folder, seed } = draft;
  const { sampleEvery, checkpointEvery } = flags;
  const stepsPerEpoch = gan.plan.steps;
  const view = createProgressView({ from, until, stepsPerEpoch, batch: gan.plan.batch });
  const log = openJsonl(folder.metrics);
  const interrupt = onInterrupt(view);
  const due = (every: number | undefined, step: number): boolean =>
    every !== undefined && step % every === 0;
  const began = performance.now();
  let step = from;
  let saved = from;
  let estimated = false;
  let { parts } = programs.full;
  const save = async (): Promise<void> => {
    log.sync();
    const files = await checkpointFiles(gan.state, { format: 1, step, seed });
    writeFolderAtomic(folder.checkpoint, files);
    saved = step;
  };
  try {
    if (from === 0) await save();
    const reportEvery = [sampleEvery, checkpointEvery].filter((every) => every !== undefined);
    for await (const progress of train(gan, programs, { from, until, reportEvery })) {
      step = progress.step;
      log.append(progress.records);
      rows.push(...progress.records);
      warnOfNaN(progress.records, view);
      view.update(progress);
      if (!estimated && step - from >= 5) {
        estimated = true;
        view.say(estimate(gan, progress.secondsPerStep, until - step));
      }
      if (parts !== programs.full.parts) {
        parts = programs.full.parts;
        view.say(
          `A step takes long on this GPU: it is submitted in ${parts} parts, so that the system does not take the GPU for hung`,
        );
      }
      const { epochDone } = progress;
      if (epochDone !== undefined) await writeGrid(gan, seed, folder.epochGrid(epochDone));
      if (due(sampleEvery, step)) await writeGrid(gan, seed, folder.stepGrid(step));
      if (epochDone !== undefined || due(checkpointEvery, step)) await save();
      if (epochDone !== undefined) writeLossPlot(folder, record, rows);
      if (interrupt.asked()) break;
    }
    if (step % stepsPerEpoch !== 0 && !due(sampleEvery, step)) {
      await writeGrid(gan, seed, folder.stepGrid(step));
    }
    if (saved !== step) await save();
    writeLossPlot(folder, record, rows);
    writeGif(folder, record);
  } finally {
    interrupt.release();
    view.stop();
    log.close();
  }
  const time = formatDuration((performance.now() - began) / 1000);
  console.log(
    step < until
      ? `Stopped at step ${step} of ${until} after ${time}. Go on with: npm run train -- --resume ${folder.path}`
      : `Done: ${step} steps in ${time}. Samples, plots and the checkpoint are in ${folder.path}`,
  );
}

function estimate(gan: Gan, secondsPerStep: number, stepsLeft: number): string {
  const epoch = formatDuration(secondsPerStep * gan.plan.steps);
  const rest = formatDuration(secondsPerStep * stepsLeft);
  const slow = gan.device.software && secondsPerStep * gan.plan.steps > 1800;
  const smaller =
    gan.recipe.name === "dcgan" ? ", --recipe small needs a twentieth of the work" : "";
  const advice = slow ? `; a GPU would be far faster${smaller}` : "";
  return `About ${epoch} an epoch on this adapter, ${rest} to go${advice}`;
}

function warnOfNaN(records: readonly StepRecord[], view: ProgressView): void {
  const bad = records.find(
    ({ lossD, lossG }, index) =>
      !Number.isFinite(lossD + lossG) &&
      (index === 0 || Number.isFinite(records[index - 1]!.lossD + records[index - 1]!.lossG)),
  );
  if (bad) {
    view.say(
      `Step ${bad.step}: a loss is not a number any more: the run has diverged; try another --seed`,
    );
  }
}

/** Ctrl-C asks the loop to end after the step in hand, which saves everything; twice ends at once. */
function onInterrupt(view: ProgressView): { asked: () => boolean; release: () => void } {
  let asked = false;
  const handler = (): void => {
    if (asked) process.exit(130);
    asked = true;
    view.say("Stopping after this step; press Ctrl-C again to stop at once and lose it.");
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return {
    asked: () => asked,
    release() {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    },
  };
}
