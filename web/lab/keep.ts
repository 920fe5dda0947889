// The lab's part for keeping runs: what is kept, going on with it, and taking it along.
import { transfer } from "comlink";
import {
  createRunStore,
  formatRows,
  readRun,
  restoreGan,
  runInFolder,
  unzipRun,
  UsageError,
  withWebHashes,
  wordsOf,
  zipRun,
  type ImageSet,
  type KeptRun,
  type RunFiles,
  type RunStore,
} from "../../src/web.ts";
import { parseKept, settingsFor } from "../state/kept-settings.ts";
import { noRun, type Bench } from "./bench.ts";
import { unpackFrames } from "./frames.ts";
import type { KeepMethods, Resumed, TakenFile } from "./kept-facts.ts";
import { imagesFor } from "./kept-images.ts";
import {
  FRAMES_FILE,
  claimName,
  LONGHAND,
  newIdentity,
  SETTINGS_FILE,
  type Identity,
} from "./identity.ts";
import { Keeping } from "./keeping.ts";
import { claimedRuns, claimRun, originFiles } from "./origin-files.ts";
import { recoverLosses } from "./recovery.ts";
import { createRun, enter, type Beginning, type Run } from "./run.ts";
import { gifOf, gridFiles, gridOf, pngOf, type Look } from "./run-images.ts";
import { prepareRun } from "./training.ts";

/** Returns the part of the lab that keeps runs. `own` are the visitor's images, if there are any. */
export function keep(bench: Bench, images: { readonly own: ImageSet | undefined }): KeepMethods {
  let opening: Promise<RunStore> | undefined;
  const store = (): Promise<RunStore> => {
    opening ??= originFiles().then((tree) => createRunStore(tree, LONGHAND));
    opening.catch(() => (opening = undefined)); // so that one may try again
    return opening;
  };
  let next: Identity | undefined; // of the run that is being built, if it goes on with one of before
  let keeping: Promise<Keeping | undefined> = Promise.resolve(undefined);

  // Every run that is built is kept from then on.
  bench.hear((event) => {
    const { run } = bench;
    if (event.type === "plan" && run) {
      const identity = next ?? newIdentity(bench, run);
      next = undefined;
      keeping = (async () => new Keeping(bench, run, await identity, store))().catch(
        (error: unknown) => {
          bench.tell({ type: "unkept", text: `The run isn't kept: ${wordsOf(error, Infinity)}.` });
          return undefined;
        },
      );
    }
    if (event.type === "state" && (event.state === "paused" || event.state === "done")) {
      keeping
        .then((each) => (each && each.run === bench.run ? each.save() : undefined))
        .catch((error: unknown) => {
          if (!bench.isLoss(error)) throw error; // the bench hears of a loss too
        });
    }
  });
  bench.beforeEnd = async (run) => {
    const each = await keeping;
    if (each?.run !== run) return;
    if (run.step > run.from) await each.save();
    await each.end();
    keeping = Promise.resolve(undefined);
  };

  /** Builds a run as it was when it was kept. */
  const build = (
    identity: Identity,
    kept: KeptRun | undefined,
    as: Pick<Beginning, "settings" | "data" | "frames" | "only">,
  ): Promise<Run> =>
    bench.turn(async () => {
      const { record } = identity;
      // Choices of another adapter would be no faster here, and its bits differ anyway.
      const choices = record.adapter === bench.adapter.name ? record.choices : {};
      const beginning = { ...as, choices };
      next = identity;
      try {
        if (!kept) return await createRun(bench, beginning);
        const { checkpoint, path, step, records } = kept;
        const restore = (gan: Run["gan"]): void => restoreGan(gan, { ...checkpoint, path });
        return await createRun(bench, { ...beginning, step, records, restore });
      } finally {
        next = undefined; // if it failed, the run that is built next isn't this one
      }
    });

  recoverLosses(bench, {
    async standing() {
      const step = (await keeping)?.saved;
      return step === undefined ? "" : `Step ${step} is kept: go on with it under “Keep”.`;
    },
    async rebuild({ settings, data, frames, only }) {
      const each = await keeping;
      if (!each) throw new UsageError("nothing of it was kept");
      const identity = await each.identity();
      const { snapshot } = identity;
      const kept = snapshot && (await withWebHashes(readRun(snapshot.files, each.id, LONGHAND)));
      const step = kept?.step ?? 0;
      const list = frames.list.filter((frame) => frame.step <= step);
      return build(identity, kept, { settings, data, frames: list, only });
    },
  });

  /** Goes on with a run that was read, under a name that this tab has claimed. */
  const goOn = async (
    kept: KeptRun,
    base: string,
    own: Pick<Identity, "id" | "slot" | "snapshot" | "release">,
  ): Promise<Resumed> => {
    const { record, recipe, step, rest, records, notes } = kept;
    const { seed, batch, activationType, adapter } = record;
    const { only, ...pace } = parseKept(rest.get(SETTINGS_FILE));
    const settings = settingsFor(recipe, {
      seed,
      batch: batch === recipe.batch ? undefined : batch,
      activationType,
      ...pace,
    });
    // Refused before the run in training ends.
    const data = await imagesFor(bench, kept, own.id, { own: images.own, base });
    const run = await prepareRun(bench, async (tell) => {
      tell(`Building both networks as they were after step ${step}…`);
      const frames = unpackFrames(rest.get(FRAMES_FILE), step);
      return build({ ...kept, ...own }, kept, { settings, data, frames, only });
    });
    enter(bench, run, "paused", `Ready to go on after step ${step}.`);
    const missing = step - records.length;
    const here = bench.adapter.name;
    return {
      settings,
      step,
      notes: [
        ...notes,
        ...(adapter === here
          ? []
          : [`The run was on ${adapter}; it goes on with ${here}, and its bits will differ.`]),
        ...(only === undefined
          ? []
          : [`The ${only} learns alone, as it did: “Step” changes that.`]),
        ...(missing > 0 ? [`The losses of ${missing} steps are missing.`] : []),
      ],
    };
  };

  const claimed = async (id: string): Promise<() => void> => {
    const release = await claimRun(id);
    if (release) return release;
    throw new UsageError(
      `${id}: a tab has this run open: go on with it there, or close it there first`,
    );
  };
  const current = async (): Promise<Keeping> => {
    const each = await keeping;
    return each && each.run === bench.run ? each : noRun();
  };
  const lookOf = ({ gan: { recipe, plan } }: Run): Look => {
    return { image: recipe.image, classes: recipe.classes, stepsPerEpoch: plan.steps };
  };

  return {
    async keptRuns() {
      const [runs, open] = await Promise.all([(await store()).list(), claimedRuns()]);
      return runs.map(({ id, step, saved, record: { recipe, seed, batch, stepsPerEpoch } }) => {
        return { id, step, saved, recipe, seed, batch, stepsPerEpoch, isOpen: open.has(id) };
      });
    },
    async keepNow() {
      await (await keeping)?.saveSoon();
    },
    async resume(id, base) {
      const release = await claimed(id);
      try {
        const opened = await (await store()).open(id);
        const { slot, step, files } = opened;
        return await goOn(opened, base, { id, slot, snapshot: { step, files }, release });
      } catch (error) {
        release();
        throw error;
      }
    },
    async adopt(files, base) {
      const [first] = files;
      if (!first) throw new UsageError("nothing was dropped");
      const name = first.path.split("/")[0]!;
      const found: RunFiles =
        files.length === 1 && /\.zip$/i.test(first.path)
          ? unzipRun(new Uint8Array(await first.file.arrayBuffer()), first.path)
          : await runInFolder(
              files.map(({ path, file }) => {
                const bytes = async () => new Uint8Array(await file.arrayBuffer());
                return { path, size: file.size, bytes };
              }),
              name,
            );
      const kept = await withWebHashes(readRun(found, name, LONGHAND));
      const { id, release } = await claimName(kept.record.recipe);
      try {
        return await goOn(kept, base, { id, slot: undefined, snapshot: undefined, release });
      } catch (error) {
        release();
        throw error;
      }
    },
    async forget(id) {
      const release = await claimed(id);
      try {
        await (await store()).remove(id);
      } finally {
        release();
      }
    },
    async runZip(id) {
      const each = await keeping;
      const isCurrent = each && each.run === bench.run && (id ?? each.id) === each.id;
      if (!isCurrent && id === undefined) await current(); // says that there is none
      const all = isCurrent ? await each.files() : await (await store()).files(id!);
      const name = id ?? each!.id;
      const { recipe, record, step } = await withWebHashes(readRun(all, name, LONGHAND));
      const { stepsPerEpoch } = record;
      const frames = unpackFrames(all.get(FRAMES_FILE), step);
      const grids = await gridFiles(
        { image: recipe.image, classes: recipe.classes, stepsPerEpoch },
        frames,
      );
      const bytes = zipRun(new Map([...all, ...grids]), name);
      return taken(`${name}.zip`, "application/zip", bytes);
    },
    async samplesPng() {
      const { run, id } = await current();
      const bytes = await pngOf(gridOf(lookOf(run), run.frames.list.at(-1)!));
      return taken(`${id}-step-${run.frames.list.at(-1)!.step}.png`, "image/png", bytes);
    },
    async timelineGif() {
      const { run, id } = await current();
      return taken(`${id}.gif`, "image/gif", gifOf(lookOf(run), run.frames.list));
    },
    async lossesFile() {
      const { run, id } = await current();
      return taken(`${id}-losses.jsonl`, "application/x-ndjson", formatRows(run.records));
    },
  };
}

/** Returns a file whose bytes move to the page. */
function taken(name: string, type: string, data: Uint8Array): TakenFile {
  const bytes = Uint8Array.from(data);
  return transfer({ name, type, bytes }, [bytes.buffer]);
}
