// The worker: opens the adapter, waits to be told what to train, trains it, and reports. It shares no memory with the
// page: pixels and numbers are copied in messages. WebGPU doesn't accept a SharedArrayBuffer everywhere, and without
// one the page needs no cross-origin isolation.

import { useChoices } from "../src/kernels/variant.ts";
import { imageSet, parseIdx, type IdxFile, type ImageSet } from "../src/data/idx.ts";
import { createGan, drawSamples, type Gan } from "../src/gan/gan.ts";
import { limitsForTraining } from "../src/gan/memory.ts";
import { recipeNamed } from "../src/gan/recipes/list.ts";
import { compileSteps, train } from "../src/gan/train-steps.ts";
import { openDevice } from "../src/gpu/device.ts";
import { DataError, DeviceLostError, LonghandError } from "../src/gpu/errors.ts";
import { wordsOf } from "../src/gpu/foreign-text.ts";
import { tileGrid } from "../src/pictures/grid.ts";
import { openAdapter, shaderText, type BrowserAdapter } from "../src/browser.ts";
import { readChoices, tuneKernels } from "./kernels.ts";
import type { StartMessage, WorkerMessage } from "./messages.ts";

const SAMPLES = 16;

const opening = openAdapter();
opening.then(({ name, line, software }) => post({ type: "adapter", name, line, software }), fail);
addEventListener("message", ({ data }: MessageEvent<StartMessage>) => {
  opening.then((opened) => run(opened, data)).catch(fail);
});

async function run(opened: BrowserAdapter, message: StartMessage): Promise<void> {
  const { settings, images, labels, stored } = message;
  const recipe = recipeNamed(settings.recipe);
  post({ type: "phase", text: "Loading the images…" });
  const data = await fetchSet(images, recipe.classes === undefined ? undefined : labels);
  const { adapter, software } = opened;
  const { seed, batch = recipe.batch, sampleEvery, tune: seconds } = settings;
  const platform = { adapter, shaderText, software };
  const limits = limitsForTraining(platform, { recipe, data, batch });
  const device = await openDevice({ ...platform, limits });
  const gan = createGan(device, recipe, data, { seed, batch });
  const stepsPerEpoch = gan.plan.steps;
  const steps = settings.steps ?? recipe.epochs * stepsPerEpoch;
  post({ type: "plan", images: data.count, batch, stepsPerEpoch, steps });

  let choices = await readChoices(stored[opened.name]);
  if (seconds !== undefined) choices = await tuneKernels(recipe, batch, seconds, choices, post);
  useChoices(device, choices);

  const programs = await compileSteps(gan, (done, total) =>
    post({ type: "phase", text: `Compiling the kernels: ${done} of ${total}…` }),
  );
  post({ type: "phase", text: "Drawing samples of the untrained generator…" });
  await postSamples(gan, seed, 0);
  post({ type: "phase", text: "Training…" });
  const reports = train(gan, programs, { from: 0, until: steps, reportEvery: [sampleEvery] });
  for await (const { step, records, imagesPerSecond } of reports) {
    post({ type: "progress", records, imagesPerSecond });
    if (step % sampleEvery === 0 || step === steps) await postSamples(gan, seed, step);
  }
  device.destroy();
  post({ type: "done" });
}

async function postSamples(gan: Gan, seed: number, step: number): Promise<void> {
  const [height, width] = gan.recipe.image;
  const images = await drawSamples(gan, seed, SAMPLES);
  const grid = tileGrid(images, SAMPLES, height, width, { gap: 1, scale: 1 });
  post({ type: "samples", step, grid });
}

async function fetchSet(images: string, labels: string | undefined): Promise<ImageSet> {
  const [pictures, classes] = await Promise.all([
    fetchIdx(images),
    labels === undefined ? undefined : fetchIdx(labels),
  ]);
  return imageSet(pictures, classes, { images, labels });
}

async function fetchIdx(address: string): Promise<IdxFile> {
  const { pathname } = new URL(address);
  const response = await fetch(address).catch(() => undefined);
  if (!response) {
    throw new DataError(`${pathname}: can't be fetched; check that the server is still running`);
  }
  if (!response.ok) {
    // `npm run web` says what is wrong in one line of text; other servers send a page.
    const isText = response.headers.get("content-type")?.startsWith("text/plain");
    const said = isText ? await response.text() : "copy the IDX file there.";
    throw new DataError(`${pathname}: the server answered ${response.status}; ${said}`);
  }
  return parseIdx(new Uint8Array(await response.arrayBuffer()), pathname);
}

function post(message: WorkerMessage): void {
  postMessage(message);
}

function fail(error: unknown): void {
  post({ type: "error", message: sentence(error) });
}

function sentence(error: unknown): string {
  if (error instanceof DeviceLostError) {
    return "The GPU was lost: its driver was reset, or the computer slept. Press Start to begin again.";
  }
  const message = wordsOf(error, Infinity);
  return error instanceof LonghandError ? message : `This should not have happened: ${message}`;
}
