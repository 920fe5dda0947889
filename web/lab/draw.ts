// The lab's part for drawing: what the networks see of a digit drawn by hand, what they say of it, and the latent from
// which the generator draws it again.
import { generatorInputs, drawImages, project, type Models } from "../../src/gan.ts";
import {
  asImage,
  clustersNearTo,
  compileDrawing,
  drawnDigit,
  errorBetween,
  judgeOne,
  UsageError,
  verdictsOn,
  type Stroke,
} from "../../src/web.ts";
import type { Bench, Subject } from "./bench.ts";
import { loadedJudge } from "./judge.ts";
import { oncePer } from "./once-per.ts";

/** What the networks say of a drawing. */
export interface Opinion {
  /** The judge's probability of each digit. */
  readonly probabilities: readonly number[];
  /** The share of MNIST's test images that the judge gets right. */
  readonly accuracy: number;
  /**
   * How real the discriminator finds the drawing, 0 to 1; as the judge's digit, or as one of the
   * nearest cluster, if it is told of them.
   */
  readonly real: number;
  /** Its logit. */
  readonly logit: number;
  /** How real it finds its generator's own images, on average. */
  readonly usual: number;
  /** Whether it is told of digits. */
  readonly isTold: boolean;
}

/** How far a search for a latent is. */
export interface SearchProgress {
  readonly step: number;
  readonly steps: number;
  /** The mean squared error per pixel of the best so far, where black and white are 2 apart. */
  readonly error: number;
  /** That of two images that the generator draws from any two latents. */
  readonly apart: number;
  /** The class that is drawn, if there are any. */
  readonly digit: number | undefined;
  /** The latent's norm, and the number of its numbers. */
  readonly norm: number;
  readonly latent: number;
}

/** The best latent of the last search, for the view of latent space. */
export interface Found {
  models: Models | undefined;
  /** The generator's inputs. */
  inputs: Float32Array<ArrayBuffer> | undefined;
}

/** What the page may ask for. */
export interface DrawMethods {
  /** Paints a drawing as the networks see it, and asks them about it. */
  readDrawing(subject: Subject, strokes: readonly Stroke[]): Promise<Opinion>;
  /** Searches for the latent that draws it again, and paints the best so far. Ends after `steps`, or when stopped. */
  projectDrawing(
    subject: Subject,
    strokes: readonly Stroke[],
    steps: number,
    onProgress: (progress: SearchProgress) => unknown,
  ): Promise<void>;
  /** Ends the search. */
  stopProjection(): Promise<void>;
}

const SIDE = 28;
const SEED = 4_000_000; // of the starts, and of the images that are usual: none that another view shows
const RESTARTS = 8;
const USUAL = 20;
const REPORT_SECONDS = 0.1;

/** Returns the clusters of a network from the nearest to an image to the farthest; none if it knows no clusters. */
async function clustersNear(
  { clusters, recipe }: Models,
  image: Float32Array,
): Promise<readonly number[]> {
  if (!clusters) return [];
  const [height, width] = recipe.image;
  return clustersNearTo(await clusters.centres.read("f32"), image, height, width);
}

/** Returns the part of the lab for drawing; `found` is where its searches leave the best latent. */
export function drawing(bench: Bench, found: Found): DrawMethods {
  const drawingOf = oncePer((models: Models) => compileDrawing(models, 1, "redrawn"));
  const usual = new WeakMap<Models, { readonly step: number; readonly value: Promise<number> }>();
  let search = { isStopped: true };

  const paint = async (name: string, pixels: Float32Array<ArrayBuffer>): Promise<void> => {
    const array = bench.device.upload(pixels, [1, SIDE, SIDE], "f32", name);
    await bench.painter.paint(name, { array, count: 1, height: SIDE, width: SIDE });
  };

  /** The mean verdict on the generator's own images. It changes with the weights. */
  const usualOf = (models: Models): Promise<number> => {
    const step = models === bench.run?.gan ? bench.run.step : 0; // the trained network's never change
    const known = usual.get(models);
    if (known?.step === step) return known.value;
    const value = bench.turn(async () => {
      const inputs = await generatorInputs(models, SEED, USUAL);
      const images = await drawImages(models, inputs, USUAL);
      const { outputs, probabilities } = await verdictsOn(models, images, USUAL);
      const length = inputs.length / USUAL;
      const own = Array.from({ length: USUAL }, (_, i) => {
        // The output of what the generator was told to draw follows the noise in its input.
        const told = inputs.subarray(i * length + models.recipe.latent, (i + 1) * length);
        return probabilities[i * outputs + Math.max(told.indexOf(1), 0)]!;
      });
      return own.reduce((sum, each) => sum + each, 0) / USUAL;
    });
    usual.set(models, { step, value });
    value.catch(() => usual.delete(models)); // so that one may try again
    return value;
  };

  return {
    async readDrawing(subject, strokes) {
      const pixels = drawnDigit(strokes);
      await bench.turn(() => paint("seen", pixels));
      const [judge, models] = [await loadedJudge(bench), await bench.models(subject)];
      const probabilities = await bench.turn(() => judgeOne(judge, pixels));
      const digit = probabilities.indexOf(Math.max(...probabilities));
      const { at, logits, verdicts } = await bench.turn(async () => {
        const image = await asImage(models, pixels, SIDE, SIDE);
        const said = await verdictsOn(models, image, 1);
        const [nearest] = await clustersNear(models, image);
        return {
          at: nearest ?? (said.outputs > 1 ? digit : 0),
          logits: said.logits,
          verdicts: said.probabilities,
        };
      });
      return {
        probabilities: [...probabilities],
        accuracy: judge.accuracy,
        real: verdicts[at]!,
        logit: logits[at]!,
        usual: await usualOf(models),
        isTold: models.recipe.classes !== undefined,
      };
    },

    async projectDrawing(subject, strokes, steps, onProgress) {
      search.isStopped = true; // of two searches, the later one goes on
      const mine = { isStopped: false };
      search = mine;
      const models = await bench.models(subject);
      const pixels = drawnDigit(strokes);
      const { latent, classes = 0, image } = models.recipe;
      // A start per class, since a class doesn't change on the way; of clusters, those nearest to the drawing.
      const restarts = classes || RESTARTS;
      const { target, starts, apart } = await bench.turn(async () => {
        const inputs = await generatorInputs(models, SEED, restarts);
        const drawn = await drawImages(models, inputs, restarts);
        const wanted = await asImage(models, pixels, SIDE, SIDE);
        const near = await clustersNear(models, wanted);
        for (const [restart, cluster] of near.slice(0, restarts).entries()) {
          const at = (restart * inputs.length) / restarts + latent;
          inputs.fill(0, at, at + near.length);
          inputs[at + cluster] = 1;
        }
        return {
          target: wanted,
          starts: inputs,
          apart: errorBetween(drawn, restarts),
        };
      });
      const { inputs, program, images } = await drawingOf(models);
      const options = { starts, steps, reportSeconds: REPORT_SECONDS };
      const reports = project(models, target, options);
      while (!mine.isStopped) {
        const next = await bench.turn(() => reports.next());
        if (next.done) break;
        const { step, best } = next.value;
        if (!best) throw new UsageError("project: no latent draws an image without NaN");
        await bench.turn(async () => {
          inputs.write(best.inputs);
          await program.run();
          const [height, width] = image;
          await bench.painter.paint("redrawn", { array: images, count: 1, height, width });
        });
        Object.assign(found, { models, inputs: best.inputs });
        const { error, digit, norm } = best;
        await onProgress({ step, steps, error, apart, digit, norm, latent });
      }
    },

    async stopProjection() {
      search.isStopped = true;
    },
  };
}
