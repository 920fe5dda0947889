// `longhand gif`: writes the GIF of a run's grids again.
import type { Command } from "commander";
import { requireRun } from "../../runs/require-run.ts";
import { print } from "../../terminal/print.ts";

/** Writes the GIF of a run's grids again, and prints its path. */
export async function gifCommand(run: string): Promise<void> {
  requireRun(run);
  const { readRunRecord, runFolder } = await import("../../runs/run-folder.ts");
  const { writeGif } = await import("../../runs/training/run-pictures.ts");
  const frames = writeGif(runFolder(run), readRunRecord(run));
  print(`${runFolder(run).gif} (${frames} frames)`);
}

/** Adds `gif` to the command line. */
export function addGif(program: Command): void {
  program
    .command("gif")
    .description("write the GIF of a run's grids again")
    .argument("<run>", "a run folder")
    .action(async (run: string) => gifCommand(run));
}
