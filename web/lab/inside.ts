// The lab's part that looks into the networks: what each layer makes of an input, its filters, its gradients.
import { fromBytes } from "../../src/data-bytes.ts";
import { generatorInputs, type Models } from "../../src/gan.ts";
import {
  compileActivations,
  compileGradientNorms,
  layersOf,
  UsageError,
  type Activations,
  type GpuArray,
  type LayerFacts,
  type Player,
} from "../../src/web.ts";
import type { Bench, Subject } from "./bench.ts";
import { filterPicture, outputPicture } from "./layer-pictures.ts";
import { oncePer } from "./once-per.ts";
import type { Run } from "./run.ts";

/** Both networks, layer by layer. */
export interface NetworkFacts {
  readonly recipe: string;
  readonly layers: Readonly<Record<Player, readonly LayerFacts[]>>;
  /** Whether there are real digits for the discriminator to look at. */
  readonly hasReal: boolean;
}

/** What to look at. */
export interface LookRequest {
  readonly subject: Subject;
  readonly network: Player;
  /** The index of the layer. */
  readonly layer: number;
  /** Which sample is drawn, or which real digit is taken. */
  readonly seed: number;
  /** Whether the discriminator looks at a real digit instead of a drawn one. */
  readonly real: boolean;
}

/** What was painted: on the canvases `inside-input`, `inside-output`, `inside-filters`. */
export interface Look {
  /** The largest magnitude in the layer's output. */
  readonly peak: number;
  /** What the pictures show, in words. */
  readonly output: string;
  readonly filters: string | undefined;
  /** What the discriminator says of the input, as a probability of being real. */
  readonly verdict: number | undefined;
}

/** The norms of a layer's gradients over the steps. */
export interface NormHistory {
  readonly steps: readonly number[];
  readonly lines: readonly { readonly name: string; readonly norms: readonly number[] }[];
}

/** What the page may ask for. */
export interface InsideMethods {
  /** Returns the layers of both networks. */
  networks(subject: Subject): Promise<NetworkFacts>;
  /** Runs both networks on an input, and paints a layer. */
  look(request: LookRequest): Promise<Look>;
  /** Returns the norms of a layer's gradients, measured after each report since the first question. */
  gradientNorms(network: Player, layer: number): Promise<NormHistory>;
}

const MOST_NORMS = 1200; // a plot's width in pixels
const MOST_WEIGHTS = 65_536; // enough to know how large a layer's weights are

/** The programs that look into two networks. */
interface Looks {
  readonly generator: Activations;
  readonly discriminator: Activations;
}

/** The gradient norms of a run, after some of its steps. */
interface Recorded {
  readonly names: Readonly<Record<Player, readonly string[]>>;
  steps: number[];
  norms: Record<Player, readonly number[]>[];
}

/** Returns the part of the lab that looks inside. */
export function inside(bench: Bench): InsideMethods {
  const looksOf = oncePer(compileLooks);
  const recordOf = oncePer((run: Run) => bench.turn(() => recordNorms(run)));
  return {
    async networks(subject) {
      const models = await bench.models(subject);
      return {
        recipe: models.recipe.name,
        layers: {
          generator: layersOf(models.generator),
          discriminator: layersOf(models.discriminator),
        },
        hasReal: realDigit(bench.run, models, 0) !== undefined,
      };
    },
    async look({ subject, network, layer, seed, real }) {
      const models = await bench.models(subject);
      return bench.turn(async () => {
        const looks = await looksOf(models);
        looks.generator.inputs.write(await generatorInputs(models, seed, 1));
        await looks.generator.program.run();
        const drawn = await looks.generator.outputs.at(-1)!.read();
        const digit = real ? realDigit(bench.run, models, seed) : undefined;
        looks.discriminator.inputs.write(digit ?? drawn);
        await looks.discriminator.program.run();
        const peak = (await looks[network].peaks.read())[layer]!;
        const words = await paintLayer(bench, models, looks, network, layer, peak);
        const says = await looks.discriminator.outputs.at(-1)!.read();
        return { peak, ...words, verdict: verdictOf(models, says) };
      });
    },
    async gradientNorms(network, layer) {
      const { run } = bench;
      if (!run) return { steps: [], lines: [] };
      const { names, steps, norms } = await recordOf(run);
      const own = `${run.gan[network].layers[layer]?.name}.`;
      const lines = names[network].flatMap((name, index) =>
        name.startsWith(own)
          ? [{ name: name.slice(own.length), norms: norms.map((each) => each[network][index]!) }]
          : [],
      );
      return { steps, lines };
    },
  };
}

async function compileLooks({ generator, discriminator }: Models): Promise<Looks> {
  return {
    generator: await compileActivations(generator, 1),
    discriminator: await compileActivations(discriminator, 1),
  };
}

/** Returns a training image as the discriminator sees it, if there are any of the recipe's size. */
function realDigit(
  run: Run | undefined,
  { recipe }: Models,
  seed: number,
): Float32Array | undefined {
  const { data } = run ?? {};
  const [height, width] = recipe.image;
  if (!data || data.height !== height || data.width !== width) return undefined;
  const at = (seed % data.count) * height * width;
  return fromBytes(data.images.subarray(at, at + height * width));
}

/** Returns the probability of being real; of the class that is judged most real, if there are classes. */
function verdictOf({ discriminator }: Models, says: Float32Array): number {
  const most = Math.max(...says);
  const isProbability = discriminator.layers.at(-1)!.layer.kind === "sigmoid";
  return isProbability ? most : 1 / (1 + Math.exp(-most));
}

async function paintLayer(
  { painter }: Bench,
  models: Models,
  looks: Looks,
  network: Player,
  layer: number,
  peak: number,
): Promise<{ readonly output: string; readonly filters: string | undefined }> {
  const { inputs, outputs } = looks[network];
  const array = outputs[layer];
  const placed = models[network].layers[layer];
  if (!array || !placed) throw new UsageError(`layer: there is no layer ${layer}`);
  const isImage = network === "generator" && layer === outputs.length - 1;
  const range = isImage ? ([-1, 1] as const) : ([-peak, peak || 1] as const);
  const input = outputPicture(inputs, models[network].inputShape);
  await painter.paint("inside-input", {
    ...input.picture,
    range: network === "generator" ? [-3, 3] : [-1, 1],
  });
  const output = outputPicture(array, placed.outputShape);
  await painter.paint("inside-output", { ...output.picture, range });
  const filters = filterPicture(models[network].layers, layer);
  if (!filters) return { output: output.words, filters: undefined };
  const most = await deviationOf(filters.picture.array);
  await painter.paint("inside-filters", { ...filters.picture, range: [-most, most] });
  return { output: output.words, filters: filters.words };
}

/** Returns three times the root mean square of weights, or of the first of many: what most magnitudes stay below. */
async function deviationOf(array: GpuArray): Promise<number> {
  const size = Math.min(array.size, MOST_WEIGHTS);
  const values = await array.device.viewAt(array, 0, [size]).read();
  let squares = 0;
  for (const value of values) squares += value * value;
  return 3 * Math.sqrt(squares / values.length) || 1;
}

/** Begins to measure the gradients of a run after each report. */
async function recordNorms(run: Run): Promise<Recorded> {
  const generator = await compileGradientNorms(run.gan.generator);
  const discriminator = await compileGradientNorms(run.gan.discriminator);
  const record: Recorded = {
    names: { generator: generator.names, discriminator: discriminator.names },
    steps: [],
    norms: [],
  };
  const measure = async (): Promise<void> => {
    if (record.steps.at(-1) === run.step || run.step === run.from) return;
    if (record.steps.length >= MOST_NORMS) {
      record.steps = record.steps.filter((_, index) => index % 2 === 0);
      record.norms = record.norms.filter((_, index) => index % 2 === 0);
    }
    record.steps.push(run.step);
    record.norms.push({
      generator: await generator.read(),
      discriminator: await discriminator.read(),
    });
  };
  await measure();
  run.watchers.push(measure);
  return record;
}
