// `longhand show`: draws a run's digits in the terminal.
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { CheckpointError } from "../../gpu/errors.ts";
import { requireRun } from "../../runs/require-run.ts";
import { print } from "../../terminal/print.ts";
import { whole } from "../options.ts";

/** Draws the grid of an epoch in the terminal, and prints its path. */
export async function showCommand(run: string, flags: { readonly epoch?: number }): Promise<void> {
  requireRun(run);
  const { drawInTerminal } = await import("../../pictures/terminal.ts");
  const { readRunRecord, runFolder } = await import("../../runs/run-folder.ts");
  const { framesOf, readGray } = await import("../../runs/training/run-pictures.ts");
  const record = readRunRecord(run);
  const folder = runFolder(run);
  const frames = framesOf(folder, record);
  const path = flags.epoch === undefined ? frames.at(-1)?.path : folder.epochGrid(flags.epoch);
  if (path === undefined || !existsSync(path)) {
    const have = frames.map(({ label }) => label);
    const list = have.length > 8 ? `${have[0]} to ${have.at(-1)}` : have.join(", ");
    throw new CheckpointError(
      `${run}: has no grid of ${flags.epoch === undefined ? "any epoch" : `epoch ${flags.epoch}`}; it has ${list || "none yet"}`,
    );
  }
  const columns = Math.min(process.stdout.columns ?? 80, 120);
  const color = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  console.log(drawInTerminal(readGray(path), { columns, color })); // colours and all
  print(path);
}

/** Adds `show` to the command line. */
export function addShow(program: Command): void {
  program
    .command("show")
    .description("draw a run's digits in the terminal, and print the picture's path")
    .argument("<run>", "a run folder")
    .option("--epoch <n>", "which epoch (default: the last grid)", whole(1))
    .action(async (run: string, flags: { epoch?: number }) => showCommand(run, flags));
}
