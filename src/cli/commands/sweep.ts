// `longhand sweep`: lists the runs of a sweep, or trains a share of them.
import type { Command } from "commander";
import { adapterOption } from "../options.ts";

const HELP = `
FILE is JSON, or a module that exports an object by default:
  { "entries": ["best", "docs/recipes/quarter.json",
                { "recipe": "small", "batch": 32 }],
    "vary": { "discriminatorAdam.learningRate": [0.001, 0.002] },
    "seeds": 3, "steps": 5000, "width": 0.25, "out": "runs/rates" }
Each entry is trained with each combination of what varies, and each seed.
The other keys are those of compare: firstSeed, minutes, every, count, data,
adapter. Paths are relative to where the command runs.
Without --share, and started by no launcher, it lists the runs. Under mpirun,
srun or in a task of Slurm's array, each process trains its share, one run after
the other. Ctrl-C saves and stops; the same command goes on. Then
\`compare --sweep FILE\` judges what has been trained, and writes one page.`;

/** The flags of `sweep`. */
export interface SweepFlags {
  readonly share?: string;
  readonly adapter?: string;
}

/** Adds `sweep` to the command line. */
export function addSweep(program: Command): void {
  program
    .command("sweep")
    .description("train many recipes, constants and seeds, shared among processes")
    .argument("<file>", "what to train")
    .option("--share <k/n>", "train the k-th of n shares here; 1/1 is all of it")
    .addOption(adapterOption())
    .addHelpText("after", HELP)
    .action(async (file: string, flags: SweepFlags) => {
      const { sweep } = await import("../actions/sweep.ts");
      await sweep(file, flags);
    });
}
