// The lab's part with the network that ships with the page: it loads it, and draws digits with it.
import { generatorInputs, type Models } from "../../src/gan.ts";
import { compileDrawing, loadTrained, parameterCount, type Trained } from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { fetchBytes } from "./fetching.ts";
import { oncePer } from "./once-per.ts";

/** What the page says of the trained network. */
export interface TrainedFacts {
  readonly recipe: string;
  /** Steps that it was trained for. */
  readonly step: number;
  readonly epochs: number;
  readonly adapter: string;
  readonly parameters: number;
}

/** What the page may ask for. */
export interface TrainedMethods {
  /** Paints digits on the canvas "trained": a column per class, other ones for each seed. */
  showTrained(seed: number): Promise<TrainedFacts>;
}

const ROWS = 5;
const COLUMNS = 10;

/** Returns the part of the lab with the trained network. */
export function trained(bench: Bench): TrainedMethods {
  const loading = new WeakMap<Models, Trained>();
  const drawingOf = oncePer((models: Models) => compileDrawing(models, ROWS * COLUMNS));
  bench.loadTrained = async ({ device }) => {
    const address = new URL("../assets/trained.safetensors", import.meta.url);
    const loaded = await loadTrained(device, await fetchBytes(address), "the trained network");
    loading.set(loaded.models, loaded);
    return loaded.models;
  };
  return {
    async showTrained(seed) {
      await bench.open();
      const models = await bench.models("trained");
      await bench.turn(async () => {
        const { inputs, program, images, count } = await drawingOf(models);
        inputs.write(await generatorInputs(models, seed, count));
        await program.run();
        const [height, width] = models.recipe.image;
        const picture = { array: images, count, height, width, columns: COLUMNS };
        await bench.painter.paint("trained", picture);
      });
      const { about } = loading.get(models)!;
      return {
        recipe: about.recipe.name,
        step: about.step,
        epochs: Math.round((10 * about.step) / about.stepsPerEpoch) / 10,
        adapter: about.adapter,
        parameters:
          parameterCount(models.generator.parameters) +
          parameterCount(models.discriminator.parameters),
      };
    },
  };
}
