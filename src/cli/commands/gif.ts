// `longhand gif`: writes the GIF of a run's grids again.
import type { Command } from "commander";
import { readRunRecord, runFolder } from "../../runs/run-folder.ts";
import { writeGif } from "../../runs/training/run-pictures.ts";
import { print } from "../../terminal/print.ts";

/** Writes the GIF of a run's grids again, and prints its path. */
export function gifCommand(run: string): void {
  const frames = writeGif(runFolder(run), readRunRecord(run));
  print(`${runFolder(run).gif} (${frames} frames)`);
}

/** Adds `gif` to the command line. */
export function addGif(program: Command): void {
  program
    .command("gif")
    .description("write the GIF of a run's grids again")
    .argument("<run>", "a run folder")
    .action((run: string) => gifCommand(run));
}
