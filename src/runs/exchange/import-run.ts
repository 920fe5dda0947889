// Makes a run of networks from elsewhere: it samples, evaluates and goes on training like any other.
import { checkpointFiles } from "../../checkpoint/arrays.ts";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { openJsonl } from "../../checkpoint/jsonl.ts";
import { resolve } from "node:path";
import type { LoadedImageSet } from "../../data/files.ts";
import type { PlainNetwork } from "../../formats/plain-network.ts";
import { withClusters } from "../../gan/clusters.ts";
import { checkGan, createGan, type Gan } from "../../gan/gan.ts";
import type { Recipe } from "../../gan/recipe.ts";
import { recipeNamed } from "../../gan/recipes/list.ts";
import { verdict } from "../../gan/samples.ts";
import { CheckpointError, UsageError } from "../../gpu/errors.ts";
import { printable } from "../../gpu/foreign-text.ts";
import { versions } from "../../gpu/node/adapter.ts";
import type { Device } from "../../gpu/device.ts";
import { saveCheckpoint } from "../checkpoints.ts";
import { claimNewRun, freeRunPath } from "../claim.ts";
import { chosenRecipe, withChannels, type RecipeFlags } from "../config.ts";
import { constantsOf, withConstants } from "../constants.ts";
import { createRunFolder, runFolder } from "../run-folder.ts";
import type { RunRecord } from "../run-record.ts";
import { openTrainingSet } from "../sets/open-set.ts";
import { limitsFor, withDevice } from "../session.ts";
import type { Ui } from "../ui.ts";
import { fitImports, type Fitted } from "./fit-imports.ts";
import { parseImports, type AboutFile, type ImportFile } from "./import-files.ts";
import { isLearned, type NetworkFile } from "./networks.ts";

/** What to import, and into what. */
export interface ImportFlags extends RecipeFlags {
  readonly recipe: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly seed?: number;
  readonly batch?: number;
  readonly data?: string;
  readonly transpose?: boolean;
  readonly size?: number;
  readonly adapter?: string;
}

/**
 * Imports files, or folders of them, as a new run. Everything is read and checked before a device is opened, and
 * written only when it is whole. Throws `UsageError`, `CheckpointError`, `DataError` and `OutputError`.
 */
export async function importRun(
  ui: Pick<Ui, "print">,
  paths: readonly string[],
  flags: ImportFlags,
): Promise<void> {
  const files = await parseImports(paths);
  const about = aboutAll(files);
  const recipe = await recipeFor(flags, about, files[0]!.path);
  const fitted = fitImports(recipe, files);
  if (fitted.networks.size === 0) {
    throw new CheckpointError(
      "import: none of the files holds a network; name a generator's or a discriminator's too",
    );
  }
  freeRunPath(flags.out, recipe.name, flags.force ?? false);
  const dataFolder = flags.data === undefined ? null : resolve(flags.data);
  const { transpose, size } = flags;
  const data = await openTrainingSet(recipe, dataFolder, { transpose, size });
  const seed = flags.seed ?? about.seed ?? 0;
  const batch = flags.batch ?? about.batch ?? recipe.batch;
  const training = { recipe, data, batch, activationType: "f32" } as const;
  await withDevice(
    flags.adapter,
    async (device, opened) => {
      ui.print(`Adapter: ${opened.name}`, ...data.notes);
      const gan = await ganOf(ui, device, recipe, data, fitted, { seed, batch });
      const record: RunRecord = {
        format: 1,
        recipe: recipe.name,
        constants: constantsOf(recipe),
        batch,
        seed,
        data: {
          folder: dataFolder,
          images: data.count,
          fingerprint: data.fingerprint,
          transposed: data.transposed,
          ...(size === undefined ? {} : { size }),
        },
        activationType: "f32",
        stepsPerEpoch: gan.plan.steps,
        evaluate: null,
        adapter: opened.name,
        versions: Object.fromEntries(
          Object.entries(versions()).map(([name, version]) => [name, String(version)]),
        ),
        choices: {},
        untrained: await verdict(gan, seed),
      };
      const path = await write(gan, record, about.step ?? 0, flags);
      ui.print(...notesOn(recipe, fitted), path);
    },
    limitsFor([training]),
  );
}

/** Returns what the files say together. Throws `CheckpointError` if they contradict each other. */
function aboutAll(files: readonly ImportFile[]): AboutFile {
  const said: Record<string, unknown> = {};
  for (const { about, path } of files) {
    for (const [key, value] of Object.entries(about)) {
      if (value === undefined) continue;
      said[key] ??= value;
      if (JSON.stringify(said[key]) === JSON.stringify(value)) continue;
      throw new CheckpointError(
        `import: ${printable(path)} is of another ${key} than ${printable(files[0]!.path)}; import the files of one run at one step`,
      );
    }
  }
  return said;
}

/** Returns the recipe of the flags, with the constants of the files if these are of that recipe. */
async function recipeFor(flags: ImportFlags, about: AboutFile, path: string): Promise<Recipe> {
  const { width, config, recipe, channels } = flags;
  if (width !== undefined || config !== undefined || about.recipe !== recipe) {
    return chosenRecipe(flags);
  }
  const named = recipeNamed(recipe);
  if (about.constants === undefined) return withChannels(named, channels);
  try {
    return withChannels(withConstants(named, about.constants, "constants"), channels);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new CheckpointError(`${printable(path)}: ${error.message}`); // it comes from a file
  }
}

/** Builds a GAN and puts what was imported into it. */
async function ganOf(
  ui: Pick<Ui, "print">,
  device: Device,
  recipe: Recipe,
  data: LoadedImageSet,
  fitted: Fitted,
  options: { readonly seed: number; readonly batch: number },
): Promise<Gan> {
  checkGan(device, recipe, data, options);
  const { networks, moments, clusters } = fitted;
  if (clusters && clusters.assignments.length !== data.count) {
    throw new CheckpointError(
      `import: has the clusters of ${clusters.assignments.length} images, but there are ${data.count}; name the images with --data, or leave the clusters' files out`,
    );
  }
  const tell = (line: string): void => ui.print(line);
  const sorted = await withClusters(recipe, data, {
    seed: options.seed,
    isUnused: clusters !== undefined,
    tell,
  });
  const gan = createGan(device, recipe, sorted, options);
  const drawing = networks.get("generator-average") ?? networks.get("generator");
  const generator = networks.get("generator") ?? drawing;
  put(gan, "generator", generator);
  if (recipe.average > 0) put(gan, "generator-average", drawing);
  put(gan, "discriminator", networks.get("discriminator"));
  for (const [of, { first, second, corrections }] of moments) {
    const state = gan.state[`${of}-adam`]!;
    for (const [which, network] of Object.entries({ first, second })) {
      for (const [name, values] of arraysOf(network)) {
        if (isLearned(name)) state.get(`${name}.${which}`)!.write(new Float32Array(values));
      }
    }
    state.get("corrections")!.write(new Float32Array(corrections));
  }
  if (clusters && gan.clusters) {
    gan.clusters.shares.write(new Float32Array(clusters.shares));
    gan.clusters.centres.write(new Float32Array(clusters.centres));
    gan.labels!.write(new Uint8Array(clusters.assignments));
  }
  return gan;
}

const arraysOf = ({ layers }: PlainNetwork): readonly (readonly [string, Float32Array])[] =>
  layers.flatMap(({ name, arrays }) =>
    Object.entries(arrays).map(([key, { data }]) => [`${name}.${key}`, data] as const),
  );

function put(gan: Gan, file: NetworkFile, network: PlainNetwork | undefined): void {
  if (!network) return;
  const state = gan.state[file]!;
  for (const [name, values] of arraysOf(network)) {
    state.get(name)!.write(new Float32Array(values));
  }
}

/** Writes the run's folder with its first checkpoint, and returns its path. */
async function write(
  gan: Gan,
  record: RunRecord,
  step: number,
  { out, force = false }: ImportFlags,
): Promise<string> {
  const files = await checkpointFiles(gan.state);
  const claim = claimNewRun(out, record.recipe, force);
  try {
    const folder = runFolder(claim.path);
    claim.begin();
    createRunFolder(folder, record);
    writeFileAtomic(folder.metrics, "");
    const log = openJsonl(folder.metrics);
    try {
      saveCheckpoint(folder, { files, step, seed: record.seed, record, log });
    } finally {
      log.close();
    }
    claim.settle();
    return claim.path;
  } finally {
    claim.release();
  }
}

/** Says what the files didn't hold, and what takes its place. */
function notesOn({ average }: Recipe, { networks, moments }: Fitted): readonly string[] {
  const has = (file: NetworkFile): boolean => networks.has(file);
  const anew = (what: string): string => `${what} isn't in the files: it starts anew.`;
  const drawn = average > 0 && has("generator") !== has("generator-average");
  return [
    ...(drawn ? ["The generator and the moving average of its weights start equal."] : []),
    ...(has("generator") || has("generator-average") ? [] : [anew("The generator")]),
    ...(has("discriminator") ? [] : [anew("The discriminator")]),
    ...(["generator", "discriminator"] as const)
      .filter((of) => !moments.has(of))
      .map((of) => anew(`The state of the ${of}'s optimizer`)),
  ];
}
