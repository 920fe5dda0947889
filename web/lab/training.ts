// The lab's part for training: start, pause, single steps, the timeline.
import { fromBytes } from "../../src/data-bytes.ts";
import { checkGan, UsageError, wordsOf, type ImageSet } from "../../src/web.ts";
import { recipeOf, type Settings } from "../state/settings.ts";
import type { Bench } from "./bench.ts";
import { servedImages } from "./dataset.ts";
import { createRun, drawSamples, trainOn, type Run } from "./run.ts";
import { readChoices, tuneKernels } from "./tuning.ts";

/** How to start a run. */
export interface StartOptions {
  /** The page's address, below which the images are. */
  readonly base: string;
  /** What was tuned in this browser on this adapter before. */
  readonly tuned: string | undefined;
  /** Whether it waits for `go` after its preparation. */
  readonly paused?: boolean;
}

/** What the page may ask for. */
export interface TrainingMethods {
  /** Rejects if `start` would refuse these settings. The run in training stays as it is. */
  checkStart(settings: Settings, base: string): Promise<void>;
  /** Starts a run from nothing. The one before is gone. Resolves once it is prepared. */
  start(settings: Settings, options: StartOptions): Promise<void>;
  /** Goes on. */
  go(): Promise<void>;
  /** Pauses after the current step. */
  pause(): Promise<void>;
  /** Takes `count` steps and pauses. */
  step(count: number): Promise<void>;
  /** Shows the samples of an earlier step; without one, the current ones. Resolves to the step that is shown. */
  showFrame(step: number | undefined): Promise<number>;
}

/** Returns the part of the lab that trains. `ownImages` are the visitor's, if there are any. */
export function training(bench: Bench, images: { own: ImageSet | undefined }): TrainingMethods {
  return {
    async checkStart(settings, base) {
      const data = images.own ?? (await servedImages(bench, base));
      const { seed, batch, activationType } = settings;
      const options = { seed, activationType, ...(batch === undefined ? {} : { batch }) };
      checkGan(bench.device, recipeOf(settings), data, options);
    },
    async start(settings, { base, tuned, paused = false }) {
      const make = async (tell: (text: string) => void): Promise<Run> => {
        tell("Loading the images…");
        const data = images.own ?? (await servedImages(bench, base));
        const recipe = recipeOf(settings);
        let choices = await readChoices(tuned);
        const batch = settings.batch ?? recipe.batch;
        if (settings.tune !== undefined) {
          choices = await bench.turn(() =>
            tuneKernels(bench, recipe, batch, settings.tune!, choices),
          );
        }
        tell("Building both networks…");
        return bench.turn(() => createRun(bench, { settings, data, choices }));
      };
      const run = await prepareRun(bench, make);
      if (paused) bench.tell({ type: "state", state: "paused", text: "Ready to train." });
      else void trainOn(bench, run);
    },
    async go() {
      void trainOn(bench, bench.theRun);
    },
    async pause() {
      const { run } = bench;
      if (run?.state === "running") run.state = "paused";
    },
    async step(count) {
      await trainOn(bench, bench.theRun, count);
    },
    async showFrame(step) {
      const run = bench.theRun;
      const frame = step === undefined ? undefined : run.frames.at(step);
      run.looksBack = frame !== undefined;
      if (!frame) {
        await bench.turn(() => drawSamples(bench, run));
        return run.step;
      }
      const [height, width] = run.gan.recipe.image;
      const count = frame.pixels.length / (height * width);
      const shape = [count, height, width];
      const array = bench.device.upload(fromBytes(frame.pixels), shape, "f32", "frame");
      const columns = run.gan.recipe.classes ?? Math.sqrt(count);
      await bench.painter.paint("samples", { array, count, height, width, columns });
      return frame.step;
    },
  };
}

let preparing = false;

/**
 * Ends the run and prepares the next one, never two at a time. `make` receives a function that tells what is being done.
 * The next run gets a new device, since the last one's arrays and programs hold the old one's memory.
 */
export async function prepareRun(
  bench: Bench,
  make: (tell: (text: string) => void) => Promise<Run>,
): Promise<Run> {
  if (preparing) throw new UsageError("a run is being prepared already");
  preparing = true;
  try {
    const { run } = bench;
    if (run) {
      run.state = "none";
      await bench.beforeEnd(run);
      await bench.turn(() => bench.reopen());
    }
    return await make((text) => bench.tell({ type: "state", state: "preparing", text }));
  } catch (error) {
    bench.tell({ type: "state", state: "failed", text: wordsOf(error, Infinity) });
    throw error;
  } finally {
    preparing = false;
  }
}
