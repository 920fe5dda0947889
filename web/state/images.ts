// The visitor's own images, as far as the page knows of them.
import { signal, type Signal } from "@preact/signals";
import { proxy } from "comlink";
import { recipeNamed } from "../../src/gan.ts";
import type { Invert, Stroke } from "../../src/web.ts";
import type { Dropped, ImageFacts } from "../lab/images.ts";
import { attempt, start } from "./actions.ts";
import { lab } from "./lab.ts";
import { settings, view } from "./state.ts";

const NONE: ImageFacts = {
  count: 0,
  isLabelled: false,
  drawn: 0,
  skipped: [],
  skippedCount: 0,
  inUse: undefined,
};

export const ownFacts: Signal<ImageFacts> = signal(NONE);
/** How images are turned light on dark, and whether rows and columns are exchanged. */
export const invert: Signal<Invert> = signal("auto");
export const transpose: Signal<boolean> = signal(false);
/** How many files of a drop are done; undefined if none is under way. */
export const reading: Signal<{ readonly done: number; readonly total: number } | undefined> =
  signal(undefined);
/** What is drawn for the collection. */
export const sketch: Signal<readonly Stroke[]> = signal([]);
export const sketchLabel: Signal<number | undefined> = signal(undefined);

/** How many images of the preview stand in a row. */
const columns = (): number => (matchMedia("(max-width: 620px)").matches ? 6 : 12);

const options = () => ({ invert: invert.value, transpose: transpose.value });

/** Adds files to the images. */
export async function add(files: readonly Dropped[]): Promise<void> {
  if (files.length === 0 || reading.value) return;
  reading.value = { done: 0, total: files.length };
  const heard = proxy((done: number) => {
    reading.value = { done, total: files.length };
  });
  await attempt(async () => {
    ownFacts.value = await lab.addImages(files, heard);
    await lab.previewImages(options(), columns());
  });
  reading.value = undefined;
}

/** Adds what is drawn, and clears the paper. */
export const addSketch = (): Promise<void> =>
  attempt(async () => {
    if (sketch.value.length === 0) return;
    ownFacts.value = await lab.addDrawing(sketch.value, sketchLabel.value);
    sketch.value = [];
    if (sketchLabel.value !== undefined) sketchLabel.value = (sketchLabel.value + 1) % 10;
    await lab.previewImages(options(), columns());
  });

/** Paints the preview again, after a choice. */
export const preview = (): Promise<void> => attempt(() => lab.previewImages(options(), columns()));

/** Forgets all images; the next run trains on those of the server. */
export const forget = (): Promise<void> =>
  attempt(async () => {
    ownFacts.value = await lab.clearImages();
  });

/** Why a run can't begin with these images and the current recipe, in a sentence; empty if it can. */
export function obstacle(): string {
  const { count, isLabelled } = ownFacts.value;
  if (count === 0) return "There are no images yet.";
  const { name, classes } = recipeNamed(settings.value.recipe);
  if (classes !== undefined && !isLabelled) {
    return `The recipe ${name} is told what each image shows: put pictures into folders named 0 to 9, add an IDX file with labels, or choose another recipe.`;
  }
  return "";
}

/** Starts a run on the images. Ask first if it replaces one. */
export const trainOnThem = (): Promise<void> =>
  attempt(async () => {
    if (obstacle() !== "") return;
    const { batch, recipe } = settings.value;
    const least = batch ?? recipeNamed(recipe).batch;
    ownFacts.value = await lab.useImages({ ...options(), least });
    view.value = "watch";
    await start();
  });

/** Makes the next run train on the server's images again. */
export const useServed = (): Promise<void> =>
  attempt(async () => {
    ownFacts.value = await lab.useImages(undefined);
  });
