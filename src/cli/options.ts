// Options and arguments that several commands share, and how they are read.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { commandFor } from "../runs/command-words.ts";
import { InvalidArgumentError, Option, type Command } from "commander";
import { UsageError } from "../gpu/errors.ts";
import { RECIPE_NAMES } from "../gan/recipes/names.ts";
import type { WhichCheckpoint } from "../runs/checkpoint-places.ts";

/** Throws `UsageError` unless the name of an output file ends in `ending`. `beside` says what else is written. */
export function requireEnding(flag: string, path: string, ending: string, beside = ""): void {
  if (path.endsWith(ending)) return;
  throw new UsageError(`${flag} ${path}: must end in ${ending}${beside}`);
}

/** Throws `UsageError` if the folder of an output file doesn't exist. */
export function requireFolder(flag: string, path: string | undefined): void {
  if (path === undefined || existsSync(dirname(resolve(path)))) return;
  throw new UsageError(`${flag} ${path}: its folder does not exist; create it, or name another`);
}

/** Throws `UsageError` if a file would be replaced without `--force`. */
export function requireFree(flag: string, path: string, force: boolean = false): void {
  if (force || !existsSync(path)) return;
  throw new UsageError(
    `${flag} ${path}: exists already; name another place, or add --force to replace it`,
  );
}

/** The most samples that are drawn and held at the same time. */
export const MOST_SAMPLES = 100_000;

/** Returns a parser of whole numbers from `least` to `most`. */
export function whole(least: number, most?: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isWhole = /^\d+$/.test(text) && Number.isSafeInteger(value);
    if (!isWhole || value < least || value > (most ?? value)) {
      const range = most === undefined ? `${least} or more` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`It takes a whole number, ${range}.`);
    }
    return value;
  };
}

/** Returns a parser of numbers above 0, at most `most`. */
export function positive(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > 0 && value <= most)) {
      throw new InvalidArgumentError(`It takes a number above 0, at most ${most}.`);
    }
    return value;
  };
}

/** Parses a number of steps, or `epoch`. */
export const stepsOrEpoch = (text: string): number | "epoch" =>
  text === "epoch" ? text : whole(1)(text);

/** Parses whole numbers separated by commas. */
export const seedList = (text: string): readonly number[] => text.split(",").map(whole(0));

/** `--adapter` */
export const adapterOption = (): Option =>
  new Option(
    "--adapter <name>",
    `auto, gpu, software, swiftshader, or part of an adapter's name (see ${commandFor("doctor")})`,
  ).env("LONGHAND_ADAPTER");

/** `--data`; `what` says what the images are for. */
export const dataOption = (what: string, otherwise = "MNIST"): Option =>
  new Option(
    "--data <path>",
    `${what}: a folder of pictures by class or of IDX, .npz, .npy or .csv files, one such file, or a set's prefix in a folder (default: ${otherwise})`,
  );

/** `--transpose`; next to `--no-transpose`, it has no default. */
export const transposeOption = (): Option =>
  new Option(
    "--transpose",
    "exchange each image's rows and columns (default: if the files are named like EMNIST's)",
  );

/** `--no-transpose` */
export const noTransposeOption = (): Option =>
  new Option("--no-transpose", "take the images as they are");

/** `--recipe` */
export const recipeOption = (otherwise = "(default: dcgan)"): Option =>
  new Option("--recipe <name>", `one of ${RECIPE_NAMES.join(", ")} ${otherwise}`);

/** `--checkpoint` */
export const checkpointOption = (doing = ""): Option =>
  new Option(
    "--checkpoint <which>",
    `${doing}last, best (lowest Fréchet distance, if the run was evaluated during training), or a step (default: last)`,
  ).argParser((text): WhichCheckpoint => {
    if (text === "last" || text === "best") return text;
    try {
      return whole(0)(text);
    } catch {
      throw new InvalidArgumentError(
        "It takes last, best, or a step that the run has a checkpoint of.",
      );
    }
  });

/** `--explain` */
export const explainOption = (): Option =>
  new Option(
    "--explain",
    "print the step's plan (dispatches, work, buffers, peak memory) and exit; nothing is written",
  ).conflicts("profile");

/** `--width` */
export const widthOption = (): Option =>
  new Option(
    "--width <factor>",
    "multiply every hidden width by this, such as 0.25 (default: 1)",
  ).argParser(positive(16));

/** `--channels` */
export const channelsOption = (): Option =>
  new Option(
    "--channels <n>",
    "1: grey images; 3: colours, for recipes that take them (default: 1)",
  ).argParser((text) => {
    if (text === "1" || text === "3") return Number(text);
    throw new InvalidArgumentError("It takes 1, for grey, or 3, for red, green and blue.");
  });

/** `--size` */
export const sizeOption = (): Option =>
  new Option(
    "--size <n>",
    "fit images of any size into n×n: whole, in the middle, with the grey of their edges around",
  ).argParser(whole(1, 768));

/** `--config` */
export const configOption = (): Option =>
  new Option("--config <file>", "a JSON, TypeScript or JavaScript file of the recipe's constants");

/** What `--help` says about a config file. */
const CONFIG_HELP = `
A config file holds the constants that differ from the recipe's, and may name
the recipe:
  { "recipe": "dcgan", "batch": 64, "generatorAdam": { "learningRate": 5e-4 },
    "discriminatorWidths": [32, 64] }
A module must export such an object by default. docs/recipes/README.md lists the
constants. A key that the recipe doesn't have, or a value that doesn't fit, is
refused by name. Flags such as --batch override the file.`;

/** Adds the options that choose a recipe, and the help on a file of constants. */
export function addRecipeOptions(command: Command, otherwise?: string): Command {
  return command
    .addOption(recipeOption(otherwise))
    .addOption(widthOption())
    .addOption(channelsOption())
    .addOption(configOption())
    .addHelpText("after", CONFIG_HELP);
}

/** Adds the options of a training that ranks share. */
export function addSharingOptions(command: Command): Command {
  const how =
    "share the training with the other ranks of an MPI job: mpirun -n 4 npx longhand train --distributed mpi (docs/distributed.md)";
  const of =
    "with --distributed: all takes the statistics of the whole batch, local those of each rank's part, without exchanges (default: all)";
  const type =
    "with --distributed: f16 sums gradients in 16 bits, which halves the bytes sent (default: f32)";
  const patience =
    "with --distributed: end all ranks when one has waited this long for the others, from the third step on; more than rank 0 takes to save and judge (default: 1800)";
  return command
    .addOption(new Option("--distributed <how>", how).choices(["mpi"]))
    .addOption(new Option("--batch-norm <of>", of).choices(["all", "local"]))
    .addOption(new Option("--reduce <type>", type).choices(["f32", "f16"]))
    .addOption(new Option("--patience <seconds>", patience).argParser(positive(1e6)))
    .addOption(new Option("--gpus <n>").hideHelp()) // both are refused in words
    .addOption(new Option("--gpu <n>").hideHelp());
}
