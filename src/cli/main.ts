// The command line. Commands are thin: flags in, one function called, errors in one sentence.
import { Command } from "commander";
import { addClassify } from "./commands/classify.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addGif } from "./commands/gif.ts";
import { addInterpolate } from "./commands/interpolate.ts";
import { addJudge } from "./commands/judge.ts";
import { addProject } from "./commands/project.ts";
import { addRecipes } from "./commands/recipes.ts";
import { addSample } from "./commands/sample.ts";
import { addShow } from "./commands/show.ts";
import { addTrain } from "./commands/train.ts";
import { addTune } from "./commands/tune.ts";
import { addWeb } from "./commands/web.ts";
import { addWgsl } from "./commands/wgsl.ts";
import { complaints, report } from "../terminal/failure.ts";
import { refuseKeptFlags } from "../terminal/npm-flags.ts";
import { remark } from "../terminal/ui.ts";

const program = new Command("longhand")
  .description("Trains a DCGAN to write digits on the GPU, with kernels written by hand in WGSL.")
  .option("--verbose", "show stack traces")
  .configureOutput(complaints)
  .showHelpAfterError("(add --help for the flags)");

const ADD = [
  addTrain,
  addRecipes,
  addTune,
  addWgsl,
  addSample,
  addInterpolate,
  addProject,
  addShow,
  addGif,
  addJudge,
  addClassify,
  addEvaluate,
  addWeb,
  addDoctor,
];
for (const add of ADD) add(program);
for (const command of program.commands) command.option("--verbose", "show stack traces");

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
