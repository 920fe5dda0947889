// Judges on disk: those that ship, where others are kept, how one is loaded, and how one is trained.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandFor } from "../command-words.ts";
import { readFileBytes, writeToFirst } from "../../checkpoint/files.ts";
import { nameOf } from "../../gpu/adapter-words.ts";
import type { Device } from "../../gpu/device.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { designs, GOAL, type Which } from "../../judge/designs.ts";
import { createJudge, type Judge, type KeptJudge } from "../../judge/judge.ts";
import { checkFit, decodeJudge, encodeJudge, keepJudge } from "../../judge/kept.ts";
import { trainJudge, type JudgeProgress } from "../../judge/train-judge.ts";
import { readCache, writeCache, type Cached } from "../cache.ts";
import { createBeats } from "../beats.ts";
import { collectingAll } from "../collector.ts";
import { formatDuration } from "../../gpu/duration.ts";
import type { Ui } from "../ui.ts";
import { openSet } from "../sets/open-set.ts";

/** What `trainAndKeep` needs to know; what is left out has its default. */
export interface JudgeRequest {
  readonly which: Which;
  readonly seed?: number | undefined;
  readonly epochs?: number | undefined;
  /** A folder of IDX files to train and test on (default: MNIST). */
  readonly data?: string | undefined;
  /** Exchange each image's rows and columns. */
  readonly transpose?: boolean | undefined;
  /** The adapter's name, to be stored (default: WebGPU's name for it). */
  readonly adapterName?: string | undefined;
  /** The file to write (default: the one in the cache folder). */
  readonly out?: string | undefined;
}

const flagOf = (which: Which): string => (which === "second" ? "--second " : "");

/** Returns the command that trains a judge again. */
export const judgeCommandFor = (which: Which): string =>
  commandFor("judge", `${flagOf(which)}--force`);

/** `99.12 %` */
export const formatAccuracy = (accuracy: number): string => `${(accuracy * 100).toFixed(2)} %`;

const nameIn = (which: Which): string => `judges/${which}.safetensors`;

const SHIPPED = fileURLToPath(new URL("../../../assets/judges/", import.meta.url));

/** A judge, and where it was found. */
export interface FoundJudge {
  readonly path: string;
  readonly value: KeptJudge;
  /** Why a file in the cache can't be used, as a clause; undefined if it can, or if there is none. */
  readonly trouble: string | undefined;
}

/**
 * Finds a judge: the one that `npm run judge` kept in the cache, or else the one that ships. A damaged file in the cache
 * counts as none. Throws a `CheckpointError` with a remedy if an intact file holds another judge, or one of another
 * version, and if the one that ships is gone.
 */
export async function findJudge(which: Which): Promise<FoundJudge> {
  const { path: own, value: kept, trouble } = await findOwn(which);
  if (kept) return { path: own, value: kept, trouble };
  const path = join(SHIPPED, `${which}.safetensors`);
  return { path, value: await readJudge(path, which), trouble };
}

/** Finds the judge in the cache. */
async function findOwn(which: Which): Promise<Cached<KeptJudge>> {
  const found = await readCache(nameIn(which), decodeJudge);
  try {
    if (found.value) checkFit(found.value, which, found.path);
    return found;
  } catch (error) {
    throw advised(error, which);
  }
}

/** Reads a judge from a file. Throws a `CheckpointError` with a remedy. */
export async function readJudge(path: string, which: Which): Promise<KeptJudge> {
  try {
    const kept = await decodeJudge(readFileBytes(path), path);
    checkFit(kept, which, path);
    return kept;
  } catch (error) {
    throw advised(error, which);
  }
}

/**
 * Returns the judge that `npm run judge` kept, or none with `force`. In the cache, a damaged file counts as none; in the file `out`,
 * it is refused.
 */
export async function findKept(
  which: Which,
  out: string | undefined,
  force: boolean,
): Promise<Cached<KeptJudge>> {
  const none = { path: out ?? "", value: undefined, trouble: undefined };
  if (force || (out !== undefined && !existsSync(out))) return none;
  return out === undefined ? findOwn(which) : { ...none, value: await readJudge(out, which) };
}

/** Returns an error with what to do about it. */
function advised(error: unknown, which: Which): unknown {
  if (!(error instanceof CheckpointError)) return error;
  return new CheckpointError(
    `${error.message.replace(/[.]$/, "")}; train it again: ${judgeCommandFor(which)}`,
    { cause: error },
  );
}

/** Loads the judge that `findJudge` finds onto a device, and says if it is not as good as it should be. */
export async function loadJudge(ui: Ui, device: Device, which: Which): Promise<Judge> {
  const { value: kept, trouble } = await findJudge(which);
  if (trouble !== undefined) {
    ui.print(
      `${trouble}: the ${which} judge that ships is used instead; ${judgeCommandFor(which)} trains one again`,
    );
  }
  if (kept.accuracy < GOAL) {
    ui.print(
      `The ${which} judge gets only ${formatAccuracy(kept.accuracy)} of the test images right: ${judgeCommandFor(which)} trains a better one.`,
    );
  }
  return createJudge(device, kept);
}

/** Trains a judge, shows its progress, and keeps it at the end. Until then, an older judge stays. */
export async function trainAndKeep(
  ui: Ui,
  device: Device,
  request: JudgeRequest,
): Promise<KeptJudge> {
  const { which, data } = request;
  const design = designs[which];
  const { seed = design.seed, epochs = design.epochs } = request;
  const [train, test] = [
    await openSet(data, "train", request),
    await openSet(data, "test", request),
  ];
  for (const note of train.notes) ui.print(note);
  const training = trainJudge(device, { design, train, test, seed, epochs });
  ui.print(
    `Training the ${which} judge: ${training.steps} steps of ${design.batch} images, ${epochs} epoch${epochs === 1 ? "" : "s"}, seed ${seed}`,
  );
  const view = createView(ui, training.steps, epochs);
  const began = performance.now();
  let accuracy = 0;
  try {
    await collectingAll(async () => {
      for await (const progress of training.run()) {
        view.update(progress);
        accuracy = progress.accuracy ?? accuracy;
      }
    });
  } finally {
    view.stop();
  }
  const { device: own, description } = device.gpu.adapterInfo;
  const { adapterName: adapter = nameOf(own, description) } = request;
  const kept = await keepJudge(training.networks, { which, accuracy, seed, epochs, adapter });
  const bytes = await encodeJudge(kept);
  const none = "Can't keep the judge: there is no cache folder; give --out FILE.";
  const path =
    request.out === undefined
      ? writeCache(nameIn(which), bytes, none)
      : writeToFirst([request.out], bytes, none);
  const time = formatDuration((performance.now() - began) / 1000);
  ui.print(
    `${formatAccuracy(accuracy)} of ${test.count} test images right after ${time}: ${verdictOn(accuracy, which)}. Kept as ${path}`,
  );
  return kept;
}

function verdictOn(accuracy: number, which: Which): string {
  const goal = `the goal of ${(GOAL * 100).toFixed(1)} %`;
  if (accuracy >= GOAL) return `${goal} is reached`;
  return `below ${goal}; more --epochs or another --seed may reach it: ${judgeCommandFor(which)} --epochs 6`;
}

/** Shows a bar in a terminal, and a line per epoch. */
function createView(
  ui: Ui,
  steps: number,
  epochs: number,
): { readonly update: (progress: JudgeProgress) => void; readonly stop: () => void } {
  const bars = ui.bars("{left} left {bar} step {value}/{total} | epoch {epoch} | loss {loss}");
  const bar = bars?.create(steps, 0, { epoch: `1/${epochs}`, loss: "?", left: "?" });
  let now = "Compiling kernels, and the first step";
  const beats = bars ? undefined : createBeats(ui, () => now);
  return {
    update({ step, epoch, loss, secondsPerStep, accuracy }) {
      const left = formatDuration((steps - step) * secondsPerStep);
      now = `${left} left: step ${step}/${steps}, epoch ${epoch}/${epochs}; loss ${loss.toFixed(4)}`;
      bar?.update(step, { epoch: `${epoch}/${epochs}`, loss: loss.toFixed(4), left });
      if (accuracy === undefined) return;
      const line = `Epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, ${formatAccuracy(accuracy)} of the test images right${step < steps ? `; ${left} left` : ""}`;
      if (bars) bars.say(line);
      else ui.print(line);
      beats?.said();
    },
    stop() {
      bars?.stop();
      beats?.stop();
    },
  };
}
