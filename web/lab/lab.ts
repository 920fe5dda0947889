// The lab: the worker that owns the GPU. The page calls its methods through Comlink, and hears of what happens.
import "../strict.ts";
import { expose } from "comlink";
import { LonghandError, wordsOf, type ImageSet } from "../../src/web.ts";
import { Bench } from "./bench.ts";
import { drawing, type DrawMethods, type Found } from "./draw.ts";
import type { AdapterFacts, LabEvent } from "./events.ts";
import { inside, type InsideMethods } from "./inside.ts";
import { kernels, type KernelMethods } from "./kernels.ts";
import { latentSpace, type LatentMethods } from "./latent.ts";
import { ownImages, type ImageMethods } from "./images.ts";
import { judging, type JudgingMethods } from "./judging.ts";
import type { Palette } from "./painter.ts";
import { keep } from "./keep.ts";
import type { KeepMethods } from "./kept-facts.ts";
import { stepping, type StepMethods } from "./step.ts";
import { trained, type TrainedMethods } from "./trained.ts";
import { training, type TrainingMethods } from "./training.ts";

/** What the page may ask of the lab as a whole. */
export interface BenchMethods {
  /** Opens the adapter. `presents` is what it answered before, if the page kept that. */
  open(presents?: boolean): Promise<AdapterFacts>;
  /** Sends events to the page. */
  listen(listener: (event: LabEvent) => void): Promise<void>;
  /** Paints pictures of this name on a canvas of the page. */
  attach(name: string, canvas: OffscreenCanvas): Promise<void>;
  /** Stops painting on it. */
  detach(name: string): Promise<void>;
  /** Changes the colours of all pictures. */
  recolour(palette: Palette): Promise<void>;
}

/** All methods of the lab. */
export type Lab = BenchMethods &
  TrainingMethods &
  TrainedMethods &
  StepMethods &
  InsideMethods &
  KernelMethods &
  JudgingMethods &
  LatentMethods &
  DrawMethods &
  ImageMethods &
  KeepMethods;

const bench = new Bench();
const found: Found = { models: undefined, inputs: undefined };
const images: { own: ImageSet | undefined } = { own: undefined };

const methods: Lab = {
  open: async (presents) => bench.open(presents),
  listen: async (listener) => bench.listen(listener),
  attach: async (name, canvas) => {
    await bench.open();
    bench.painter.attach(name, canvas);
  },
  detach: async (name) => bench.painter.detach(name),
  recolour: async (palette) => {
    await bench.open();
    bench.painter.recolour(palette);
  },
  ...inside(bench),
  ...kernels(bench),
  ...stepping(bench),
  ...training(bench, images),
  ...keep(bench, images),
  ...latentSpace(bench, found),
  ...drawing(bench, found),
  ...ownImages(bench, images),
  ...trained(bench),
  ...judging(bench),
};

// Errors cross to the page as their words alone; those that aren't Longhand's own should not have happened.
const inWords = Object.fromEntries(
  Object.entries(methods).map(
    ([name, method]: [string, (...args: never[]) => Promise<unknown>]) => [
      name,
      async (...args: never[]) => {
        try {
          return await method(...args);
        } catch (error) {
          const words = wordsOf(error, Infinity);
          const text =
            error instanceof LonghandError ? words : `This should not have happened: ${words}`;
          throw Object.assign(new Error(text), {
            name: error instanceof Error ? error.name : "Error",
          });
        }
      },
    ],
  ),
);
expose(inWords);
