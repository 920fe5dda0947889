// The command line as commander knows it: each command, its flags and its help. Nothing runs here.
import { Command } from "commander";
import { addClassify } from "./commands/classify.ts";
import { addCompare } from "./commands/compare.ts";
import { addData } from "./commands/data.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEvaluate } from "./commands/evaluate.ts";
import { addExport } from "./commands/export.ts";
import { addGif } from "./commands/gif.ts";
import { addGpuCheck } from "./commands/gpu-check.ts";
import { addImport } from "./commands/import.ts";
import { addInterpolate } from "./commands/interpolate.ts";
import { addJudge } from "./commands/judge.ts";
import { addMetrics } from "./commands/metrics.ts";
import { addProject } from "./commands/project.ts";
import { addRecipes } from "./commands/recipes.ts";
import { addSample } from "./commands/sample.ts";
import { addShow } from "./commands/show.ts";
import { addSweep } from "./commands/sweep.ts";
import { addTrain } from "./commands/train.ts";
import { addTune } from "./commands/tune.ts";
import { addWeb } from "./commands/web.ts";
import { addWgsl } from "./commands/wgsl.ts";
import { complaints } from "../terminal/failure.ts";

const ADD = [
  addTrain,
  addData,
  addRecipes,
  addTune,
  addWgsl,
  addSample,
  addInterpolate,
  addProject,
  addShow,
  addGif,
  addMetrics,
  addExport,
  addImport,
  addJudge,
  addClassify,
  addEvaluate,
  addCompare,
  addSweep,
  addWeb,
  addDoctor,
  addGpuCheck,
];

/** Builds the program `longhand` with all its commands. Parsing arguments with it runs a command. */
export function longhandProgram(): Command {
  const program = new Command("longhand")
    .description("Trains a DCGAN to write digits on the GPU, with kernels written by hand in WGSL.")
    .option("--verbose", "show stack traces")
    .configureOutput(complaints)
    .showHelpAfterError("(add --help for the flags)");
  for (const add of ADD) add(program);
  for (const command of program.commands) command.option("--verbose", "show stack traces");
  return program;
}
