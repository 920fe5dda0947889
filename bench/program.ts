// The command line of the benchmarks: each command, its flags and its help. The work of each command is in its own
// file.
import { Command, InvalidArgumentError, Option } from "commander";
import { RECIPE_NAMES } from "../src/gan/recipes/names.ts";
import type { AgainstFlags } from "./against.ts";
import { ROWS } from "./against/row-names.ts";
import type { FloorFlags } from "./floors.ts";
import type { KernelOptions } from "./kernel-lines.ts";
import type { HostFlags } from "./host.ts";
import type { PeersFlags } from "./peers.ts";
import type { ProfileFlags } from "./profile.ts";
import type { RanksFlags } from "./ranks/scaling.ts";
import type { ScalingFlags } from "./scaling.ts";
import type { StepFlags } from "./step.ts";

function whole(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${low} to ${high}.`);
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It takes a number above 0, such as 10e12.");
}

const recipeOption = (): Option =>
  new Option("--recipe <name>", "the recipe of the step (default: dcgan)").choices(RECIPE_NAMES);
const widthOption = (): Option =>
  new Option("--width <factor>", "multiply every hidden width by this").argParser(positive);
const configOption = (): Option =>
  new Option("--config <file>", "a file of constants, as for npm run train");

/** Parses whole numbers separated by commas: `8,16,32`. */
function list(low: number, high: number): (text: string) => number[] {
  return (text) => text.split(",").map(whole(low, high));
}

/** Parses names separated by commas. The flag may also be repeated. */
function names(allowed: readonly string[]): (text: string, before?: string[]) => string[] {
  return (text, before = []) => {
    const given = text.split(",");
    if (given.every((name) => allowed.includes(name))) return [...before, ...given];
    throw new InvalidArgumentError(`Allowed are ${allowed.join(", ")}, separated by commas.`);
  };
}

const adapterOption = (): Option =>
  new Option("--adapter <a>", "gpu, software, swiftshader or a part of a name").env(
    "LONGHAND_ADAPTER",
  );
const jsonOption = (): Option => new Option("--json <file>", "also write the figures to this file");

const browserOption = (): Option =>
  new Option("--browser", "in a headless Chromium, on SwiftShader").conflicts("adapter");

/** Builds the program `npm run bench --` with all its commands. Parsing arguments with it runs a command. */
export function benchProgram(): Command {
  const program = new Command("npm run bench --")
    .description("Measures kernels and the training step. Nothing else should run meanwhile.")
    .showHelpAfterError()
    .enablePositionalOptions()
    .option("--browser", "run `step` and `peers` in a headless Chromium, on SwiftShader")
    .allowExcessArguments()
    .action(async ({ browser }: { readonly browser?: boolean }, { args: [unknown] }: Command) => {
      if (unknown !== undefined) program.error(`error: unknown command '${unknown}'`);
      if (!browser) program.help({ error: true });
      const { stepCommand } = await import("./step.ts");
      const { peersCommand } = await import("./peers.ts");
      await stepCommand({ browser: true, recipe: "dcgan", steps: 3 });
      await peersCommand({ browser: true, check: true, rounds: 3 });
    });
  program
    .command("kernels")
    .description(
      "time every variant of the heavy kernels at the dcgan's shapes, in turn; * runs by default",
    )
    .option("--batch <n>", "images", whole(1, 1024), 32)
    .option("--rounds <n>", "timed rounds; the median counts", whole(1, 1000), 5)
    .option("--only <part>", "only kernels with this in their names, such as 'conv2d 14'", "")
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(async (flags: KernelOptions) => {
      const { kernelsCommand } = await import("./kernel-lines.ts");
      await kernelsCommand(flags);
    });
  program
    .command("step")
    .description(
      "compare a training step with its goals: its time, and its calls of WebGPU, counted by wrapping WebGPU's methods",
    )
    .addOption(recipeOption())
    .addOption(widthOption())
    .addOption(configOption())
    .option("--batch <n>", "images (default: 32, in a browser 8)", whole(1, 1024))
    .option("--steps <n>", "timed steps; the median counts", whole(1, 1000), 5)
    .addOption(browserOption())
    .option(
      "--cold",
      "also time a first step without the driver's cache of compiled kernels (Mesa's)",
    )
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(async (flags: StepFlags) => {
      const { stepCommand } = await import("./step.ts");
      await stepCommand(flags);
    });
  program
    .command("peers")
    .description(
      "time the dcgan's step in Longhand, TensorFlow.js and jax-js, in turn; installs the latter two into bench/peers/ first",
    )
    .option("--batch <n>", "images (default: 32, in a browser 8)", whole(1, 1024))
    .option("--rounds <n>", "steps of each, in turn; the median counts", whole(1, 100), 3)
    .addOption(new Option("--only <peer>", "only this peer").choices(["tfjs", "jax-js"]))
    .addOption(browserOption())
    .option("--kernels", "time the heavy kernels one by one instead of the step")
    .option("--no-check", "don't check first that all train the same model")
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(async (flags: PeersFlags) => {
      const { peersCommand } = await import("./peers.ts");
      await peersCommand(flags);
    });
  program
    .command("host")
    .description(
      "time how long the host takes to submit a step, on Dawn's null backend, which runs nothing",
    )
    .option("--steps <n>", "timed steps of each size", whole(10, 100_000), 1000)
    .addOption(jsonOption())
    .action(async (flags: HostFlags) => {
      const { hostCommand } = await import("./host.ts");
      await hostCommand(flags);
    });
  program
    .command("scaling")
    .description("time a step as the batch doubles and, at batch 8, as the networks get wider")
    .option("--rounds <n>", "steps of every size, in turn; the median counts", whole(1, 100), 5)
    .option(
      "--batches <list>",
      "batches to time, at full width",
      list(1, 4096),
      [8, 16, 32, 64, 128, 256],
    )
    .option("--widths <list>", "factors for the channels", list(1, 16), [1, 2, 4])
    .option(
      "--ranks <list>",
      "time a step that so many ranks of an MPI job share, and model more of them, instead",
      list(1, 1024),
    )
    .option("--recipe <name>", "with --ranks: the recipe", "small")
    .option("--batch <n>", "with --ranks: images of all ranks per step", whole(1, 65_536), 16)
    .option("--gpu-ms <ms>", "with --ranks: for the model, a GPU's time for its part", positive)
    .option("--mpirun <command>", "with --ranks: what starts them", "mpirun")
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(async (flags: ScalingFlags & Partial<RanksFlags>) => {
      if (flags.ranks) {
        const { ranksCommand } = await import("./ranks/scaling.ts");
        return ranksCommand(flags as RanksFlags);
      }
      const { scalingCommand } = await import("./scaling.ts");
      await scalingCommand(flags);
    });
  program
    .command("against <commit>")
    .description(
      "time this checkout next to another commit of the repository, each run by its own code, in turn",
    )
    .option(
      "--recipe <names>",
      "recipes, as the other commit has them (default: dcgan,small)",
      names(RECIPE_NAMES),
    )
    .addOption(widthOption())
    .addOption(configOption())
    .option(
      "--batch <n>",
      "images (default: 32; 8 on SwiftShader, except for small)",
      whole(1, 1024),
    )
    .option("--pairs <n>", "measurements of each; medians count", whole(1, 1000), 5)
    .option(
      "--rows <names>",
      "step, memory, cold (the first recipe's first step without the driver's cache) and judge (its training); default: all, on SwiftShader without cold",
      names(ROWS),
    )
    .option("--fresh", "take the other commit's files and packages anew, not those kept")
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(async (commit: string, flags: AgainstFlags) => {
      const { againstCommand } = await import("./against.ts");
      await againstCommand(commit, flags);
    });
  program
    .command("profile")
    .description("time a training step kernel by kernel, next to the adapter's ceilings")
    .addOption(recipeOption())
    .addOption(widthOption())
    .addOption(configOption())
    .option("--batch <n>", "images", whole(1, 1024), 32)
    .option("--rounds <n>", "timed rounds; the median counts", whole(1, 1000), 5)
    .option("--each", "print one line per dispatch, not per kernel")
    .option("--clock", "use the host's clock even if the adapter has timestamps")
    .addOption(adapterOption())
    .option("--svg <file>", "also draw the roofline to this file")
    .option("--json <file>", "also write all figures to this file")
    .action(async (flags: ProfileFlags) => {
      const { profileCommand } = await import("./profile.ts");
      await profileCommand(flags);
    });
  program
    .command("floors")
    .description(
      "compute how fast a step could be on a GPU of given peak and bandwidth; nothing is measured",
    )
    .addOption(recipeOption())
    .addOption(widthOption())
    .addOption(configOption())
    .option("--batch <n>", "images", whole(1, 1024), 256)
    .addOption(
      new Option("--peak <flops>", "operations per second; a multiply-add counts as two")
        .argParser(positive)
        .default(10e12, "10e12"),
    )
    .addOption(
      new Option("--bandwidth <bytes>", "bytes per second, read and written")
        .argParser(positive)
        .default(350e9, "350e9"),
    )
    .option("--launch <us>", "microseconds from one dispatch to the next", positive, 3)
    .action(async (flags: FloorFlags) => {
      const { floorsCommand } = await import("./floors.ts");
      await floorsCommand(flags);
    });
  return program;
}
