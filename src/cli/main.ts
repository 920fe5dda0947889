// The command line. Commands are thin: flags in, one function called, errors in one sentence.
import { Command } from "commander";
import { classifyCommand, type ClassifyFlags } from "./classify.ts";
import { doctor } from "./doctor.ts";
import { evaluateCommand, type EvaluateFlags } from "./evaluate.ts";
import { complaints, remark, report } from "./failure.ts";
import { judgeCommand, type JudgeFlags } from "./judge.ts";
import { interpolateCommand, type InterpolateFlags } from "./interpolate.ts";
import { refuseKeptFlags } from "./npm-flags.ts";
import {
  adapterOption,
  CONFIG_HELP,
  configOption,
  dataOption,
  checkpointOption,
  noTransposeOption,
  recipeOption,
  seedList,
  transposeOption,
  whole,
  widthOption,
} from "./options.ts";
import { print } from "./print.ts";
import { projectCommand, type ProjectFlags } from "./project.ts";
import { recipesCommand, STEPS_BUDGET, type RecipesFlags } from "./recipes.ts";
import { gifCommand, sampleCommand, showCommand, type SampleFlags } from "./samples.ts";
import { addTrainCommand } from "./train-command.ts";
import { DEFAULT_BUDGET, tuneCommand, type TuneFlags } from "./tune.ts";
import { wgslCommand, type WgslFlags } from "./commands/wgsl.ts";

const MOST_SAMPLES = 100_000; // drawn and held at once

const program = new Command("longhand")
  .description("Trains a DCGAN to write digits on the GPU, with kernels written by hand in WGSL.")
  .option("--verbose", "show stack traces")
  .configureOutput(complaints)
  .showHelpAfterError("(add --help for the flags)");

addTrainCommand(program);

program
  .command("recipes")
  .description(
    "list the recipes: parameters, work an image, and the time of an epoch on this adapter",
  )
  .addOption(recipeOption("(default: all)"))
  .addOption(widthOption())
  .addOption(configOption())
  .option("--batch <n>", "images a step (default: each recipe's)", whole(1))
  .option("--no-time", "count only: nothing runs")
  .option(
    "--budget <seconds>",
    `timed steps of each recipe take about so long, compiling aside (default: ${STEPS_BUDGET})`,
    whole(1),
  )
  .option("--json <file>", "also write all figures there")
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .addHelpText("after", CONFIG_HELP)
  .action(async (flags: RecipesFlags) => recipesCommand(flags));

program
  .command("tune")
  .description("measure which of each kernel's variants is fastest on this adapter, for new runs")
  .addOption(recipeOption())
  .addOption(widthOption())
  .addOption(configOption())
  .option("--batch <n>", "images a step (default: the recipe's)", whole(1))
  .option("--budget <seconds>", `time to spend (default: ${DEFAULT_BUDGET})`, whole(1))
  .option("--forget", "remove what was measured on this adapter, and measure nothing")
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (flags: TuneFlags) => tuneCommand(flags));

program
  .command("wgsl")
  .description("print a shader as the driver gets it: joined with its libraries, and specialised")
  .argument("<shader>", "a file of shaders/, such as conv2d-forward")
  .addOption(recipeOption())
  .option("--variant <name>", "as this variant of the kernel (default: what a run launches)")
  .addOption(widthOption())
  .addOption(configOption())
  .option("--batch <n>", "images a step (default: the recipe's)", whole(1))
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (shader: string, flags: WgslFlags) => wgslCommand(shader, flags));

program
  .command("sample")
  .description("draw new digits from a run")
  .argument("<run>", "a run folder")
  .option("--count <n>", "how many (default: 16)", whole(1, MOST_SAMPLES))
  .option("--seed <n>", "which latents (default: 0)", whole(0))
  .option(
    "--digit <d>",
    "which digit, if the recipe knows of classes (default: each in turn)",
    whole(0),
  )
  .option("--grid", "one picture with all of them (the default)")
  .option("--no-grid", "a file each, 28×28 pixels")
  .option("--out <file>", "where to write (default: RUN/sample-seed<seed>.png)")
  .addOption(checkpointOption())
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (run: string, flags: SampleFlags) => sampleCommand(run, flags));

program
  .command("interpolate")
  .description(
    "walk through a run's latent space from seed to seed: a PNG strip, and a GIF that loops",
  )
  .argument("<run>", "a run folder")
  .option(
    "--seeds <list>",
    "where to stop, in order, as sample --seed draws them first (default: 0,1,2,3,4)",
    seedList,
  )
  .option("--from <n>", "instead of --seeds: there from this seed", whole(0))
  .option("--to <n>", "to this one, and back", whole(0))
  .option("--steps <n>", "steps from one seed to the next (default: 10)", whole(1))
  .option("--digit <n>", "of a conditional run: this digit (default: 0 to 9, one a seed)", whole(0))
  .option("--out <file>", "the strip; the GIF lies beside it (default: RUN/interpolation.png)")
  .addOption(checkpointOption())
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (run: string, flags: InterpolateFlags) => interpolateCommand(run, flags));

program
  .command("project")
  .description(
    "find the latent from which a run draws a given digit best: a PNG, and the latent as JSON",
  )
  .argument("<run>", "a run folder")
  .argument(
    "<image>",
    "a PNG or JPEG of a digit, of any size, dark on light or light on dark; or mnist:7, of the test images",
  )
  .option("--steps <n>", "steps of Adam on the latents (default: 200)", whole(1))
  .option("--restarts <n>", "latents that search at once (default: 16)", whole(1))
  .option(
    "--seed <n>",
    "of the 1,000 random samples whose nearest are the starts (default: 0)",
    whole(0),
  )
  .option("--digit <n>", "of a conditional run: draw it as this digit (default: as any)", whole(0))
  .option(
    "--out <file>",
    "the picture; the JSON lies beside it (default: RUN/projection-<image>.png)",
  )
  .addOption(checkpointOption())
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (run: string, image: string, flags: ProjectFlags) =>
    projectCommand(run, image, flags),
  );

program
  .command("show")
  .description("draw a run's digits in the terminal, and print the picture's path")
  .argument("<run>", "a run folder")
  .option("--epoch <n>", "which epoch (default: the last grid)", whole(1))
  .option("--verbose", "show stack traces")
  .action((run: string, flags: { epoch?: number }) => showCommand(run, flags));

program
  .command("gif")
  .description("write the GIF of a run's grids again")
  .argument("<run>", "a run folder")
  .option("--verbose", "show stack traces")
  .action((run: string) => gifCommand(run));

program
  .command("judge")
  .description("train the classifier that judges digits, and keep it; takes some minutes, once")
  .option("--second", "the second judge, trained apart: another seed, another architecture")
  .option(
    "--epochs <n>",
    "how often it sees the training images (default: 3; --second: 4)",
    whole(1),
  )
  .option("--seed <n>", "weights, dropout and order follow from it (default: its own)", whole(0))
  .option("--out <file>", "where to keep it (default: the user's cache folder)")
  .addOption(dataOption("labelled IDX files, training and test"))
  .addOption(transposeOption())
  .addOption(noTransposeOption())
  .option("--force", "train it anew, in place of the one that is kept")
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (flags: JudgeFlags) => judgeCommand(flags));

program
  .command("classify")
  .description("say which digits pictures show, by the judge; accuracy where there are labels")
  .argument(
    "<paths...>",
    "PNGs and JPEGs, folders of them, grids that sample drew, or IDX files of images",
  )
  .addOption(transposeOption())
  .addOption(noTransposeOption())
  .option("--labels <file>", "the IDX file of labels (default: the one beside the images)")
  .option("--json <file>", "also write every image's digit and probability to this file")
  .option("--second", "ask the second judge")
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (paths: string[], flags: ClassifyFlags) => classifyCommand(paths, flags));

program
  .command("evaluate")
  .description("say how good a run's digits are: figures beside those of known sets, and a page")
  .argument("<run>", "a run folder")
  .option("--count <n>", "how many samples (default: 10000)", whole(2, MOST_SAMPLES))
  .option("--seed <n>", "which latents (default: 1)", whole(0))
  .option("--neighbours <n>", "how many make a neighbourhood (default: 5)", whole(1))
  .addOption(dataOption("IDX files to compare with", "the run's, else MNIST"))
  .addOption(transposeOption())
  .addOption(noTransposeOption())
  .addOption(checkpointOption())
  .option("--out <dir>", "where to write (default: RUN/evaluation, or RUN/evaluation-best)")
  .option("--json <file>", "where the figures go as JSON (default: evaluation.json in --out)")
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (run: string, flags: EvaluateFlags) => evaluateCommand(run, flags));

program
  .command("web")
  .description("serve a page on localhost that trains in the browser; Ctrl-C ends it")
  .option("--port <n>", "which port (default: 5173, or the next free one)", whole(1, 65_535))
  .addOption(dataOption("IDX files"))
  .addOption(transposeOption())
  .addOption(noTransposeOption())
  .option("--open", "open the page in the browser")
  .option("--verbose", "show stack traces")
  .action(async (flags: { port?: number; data?: string; transpose?: boolean; open?: boolean }) => {
    const { serveWeb } = await import("./web.ts"); // Vite is slow to load, and only this needs it
    const server = await serveWeb(flags);
    for (const line of [...server.notes, `${server.url}  (Ctrl-C ends it)`]) print(line);
    process.once("SIGINT", () => void server.close());
  });

program
  .command("doctor")
  .description("say which adapters there are, and what to install for more speed")
  .addOption(adapterOption())
  .option("--verbose", "show stack traces")
  .action(async (flags: { adapter?: string }) => doctor({ adapter: flags.adapter }));

// A reader that closes early (`| head`), or a terminal that is closed, costs the words and not the work.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

for (const command of [program, ...program.commands]) command.exitOverride();

try {
  const note = refuseKeptFlags(program, process.argv, process.env);
  if (note !== undefined) remark(note);
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
  setTimeout(() => process.exit(), 1000).unref(); // if a config's module goes on waiting for something
}
