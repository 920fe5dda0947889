// The command line of the benchmarks: each command, its flags and its help. The work of each command is in its own
// file.
import { cpus } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { recipes } from "../src/gan/recipes/list.ts";
import { open } from "../src/node.ts";
import { floorsCommand, type FloorFlags } from "./floors.ts";
import { hostCommand } from "./host.ts";
import { timeKernels, type KernelTiming } from "./kernels.ts";
import { peersCommand } from "./peers.ts";
import { profileCommand, type ProfileFlags } from "./profile.ts";
import { checkReport, writeReport } from "./reports.ts";
import { scalingCommand } from "./scaling.ts";
import { stepCommand } from "./step.ts";

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
  new Option("--recipe <name>", "the recipe of the step (default: dcgan)").choices(
    recipes.map(({ name }) => name),
  );
const widthOption = (): Option =>
  new Option("--width <factor>", "multiply every hidden width by this").argParser(positive);
const configOption = (): Option =>
  new Option("--config <file>", "a file of constants, as for npm run train");

/** Parses whole numbers separated by commas: `8,16,32`. */
function list(low: number, high: number): (text: string) => number[] {
  return (text) => text.split(",").map(whole(low, high));
}

/** Prints one line per variant. The one that runs by default is marked, and the others are compared with it. */
function show(timings: readonly KernelTiming[]): void {
  const standard = timings.find(({ chosen }) => chosen) ?? timings[0]!;
  console.log(`\n${standard.name}, ${(standard.flop / 1e6).toFixed(1)} MFLOP`);
  for (const { variant, chosen, gigaflops, milliseconds, range } of timings) {
    const ratio = (milliseconds / standard.milliseconds).toFixed(2);
    console.log(
      [
        chosen ? "*" : " ",
        variant.padEnd(10),
        gigaflops.toFixed(2).padStart(8),
        `GFLOP/s ${milliseconds.toFixed(1).padStart(8)} ms (${range.map((ms) => ms.toFixed(1)).join(" to ")}), time × ${ratio}`,
      ].join(" "),
    );
  }
}

interface KernelOptions {
  readonly batch: number;
  readonly rounds: number;
  readonly only: string;
  readonly adapter?: string;
  readonly json?: string;
}

async function kernels({ adapter: request, json, ...options }: KernelOptions): Promise<void> {
  checkReport(json);
  const { device, adapter, close } = await open(request);
  try {
    console.log(`${adapter.name}; ${cpus().length} CPU cores; batch ${options.batch}`);
    const timings = await timeKernels(device, { ...options, onResult: show });
    writeReport(json, "kernels", { adapter: adapter.name, ...options, timings });
  } finally {
    close();
  }
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
    .action(kernels);
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
    .action(stepCommand);
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
    .action(peersCommand);
  program
    .command("host")
    .description(
      "time how long the host takes to submit a step, on Dawn's null backend, which runs nothing",
    )
    .option("--steps <n>", "timed steps of each size", whole(10, 100_000), 1000)
    .addOption(jsonOption())
    .action(hostCommand);
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
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(scalingCommand);
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
    .action(async (flags: ProfileFlags) => profileCommand(flags));
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
    .action(async (flags: FloorFlags) => floorsCommand(flags));
  return program;
}
