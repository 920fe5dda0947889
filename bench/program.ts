// The benchmarks as commander knows them: each command, its flags and its help. Commands are thin: each has a file.
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
  new Option("--recipe <name>", "whose step (default: dcgan)").choices(
    recipes.map(({ name }) => name),
  );
const widthOption = (): Option =>
  new Option("--width <factor>", "every hidden width times this").argParser(positive);
const configOption = (): Option =>
  new Option("--config <file>", "a file of constants, as for npm run train");

/** `8,16,32`: whole numbers with commas between. */
function list(low: number, high: number): (text: string) => number[] {
  return (text) => text.split(",").map(whole(low, high));
}

/** One line a variant: the one that runs by default has a mark, and the others are held against it. */
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
const jsonOption = (): Option => new Option("--json <file>", "also write the figures there");

const browserOption = (): Option =>
  new Option("--browser", "in a headless Chromium, on SwiftShader").conflicts("adapter");

/** Builds the program `npm run bench --` with all its commands; whoever parses with it runs one. */
export function benchProgram(): Command {
  const program = new Command("npm run bench --")
    .description("Measures kernels and the training step. Nothing else should run meanwhile.")
    .showHelpAfterError()
    .enablePositionalOptions()
    .option("--browser", "`step` and `peers` in a headless Chromium, on SwiftShader")
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
      "every variant of the heavy kernels at the dcgan's shapes, in turn; * runs by default",
    )
    .option("--batch <n>", "images", whole(1, 1024), 32)
    .option("--rounds <n>", "timed rounds, of which the median counts", whole(1, 1000), 5)
    .option("--only <part>", "only what has this in its name, such as 'conv2d 14'", "")
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(kernels);
  program
    .command("step")
    .description(
      "a training step against its goals: time, and what it asks of WebGPU, counted by wrapping WebGPU's own methods",
    )
    .addOption(recipeOption())
    .addOption(widthOption())
    .addOption(configOption())
    .option("--batch <n>", "images (default: 32, in a browser 8)", whole(1, 1024))
    .option("--steps <n>", "timed steps, of which the median counts", whole(1, 1000), 5)
    .addOption(browserOption())
    .option("--cold", "also a first step without the driver's cache of compiled kernels (Mesa's)")
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(stepCommand);
  program
    .command("peers")
    .description(
      "the dcgan's step by Longhand, TensorFlow.js and jax-js in turn; installs those two into bench/peers/ at first",
    )
    .option("--batch <n>", "images (default: 32, in a browser 8)", whole(1, 1024))
    .option("--rounds <n>", "steps of each, in turn, of which the median counts", whole(1, 100), 3)
    .addOption(new Option("--only <peer>", "only this peer").choices(["tfjs", "jax-js"]))
    .addOption(browserOption())
    .option("--kernels", "the heavy kernels one by one, in place of the step")
    .option("--no-check", "don't show first that all train the same model")
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(peersCommand);
  program
    .command("host")
    .description(
      "what submitting a step costs the host: on Dawn's null backend, which runs nothing",
    )
    .option("--steps <n>", "timed steps of each size", whole(10, 100_000), 1000)
    .addOption(jsonOption())
    .action(hostCommand);
  program
    .command("scaling")
    .description("a step as the batch doubles, and, at batch 8, as the networks get wider")
    .option(
      "--rounds <n>",
      "steps of every size, in turn, of which the median counts",
      whole(1, 100),
      5,
    )
    .option("--batches <list>", "at full width", list(1, 4096), [8, 16, 32, 64, 128, 256])
    .option("--widths <list>", "times the channels", list(1, 16), [1, 2, 4])
    .addOption(adapterOption())
    .addOption(jsonOption())
    .action(scalingCommand);
  program
    .command("profile")
    .description("a training step kernel by kernel, beside what the adapter reaches at best")
    .addOption(recipeOption())
    .addOption(widthOption())
    .addOption(configOption())
    .option("--batch <n>", "images", whole(1, 1024), 32)
    .option("--rounds <n>", "timed rounds, of which the median counts", whole(1, 1000), 5)
    .option("--each", "a line a dispatch, not a kernel")
    .option("--clock", "by the clock, even where the adapter has timestamps")
    .addOption(adapterOption())
    .option("--svg <file>", "also draw the roofline there")
    .option("--json <file>", "also write all figures there")
    .action(async (flags: ProfileFlags) => profileCommand(flags));
  program
    .command("floors")
    .description(
      "how fast a step could be on a GPU of stated peak and bandwidth; nothing is measured",
    )
    .addOption(recipeOption())
    .addOption(widthOption())
    .addOption(configOption())
    .option("--batch <n>", "images", whole(1, 1024), 256)
    .addOption(
      new Option("--peak <flops>", "operations a second, a multiply-add as two")
        .argParser(positive)
        .default(10e12, "10e12"),
    )
    .addOption(
      new Option("--bandwidth <bytes>", "bytes a second, read and written")
        .argParser(positive)
        .default(350e9, "350e9"),
    )
    .option("--launch <us>", "microseconds from one dispatch to the next", positive, 3)
    .action(async (flags: FloorFlags) => floorsCommand(flags));
  return program;
}
