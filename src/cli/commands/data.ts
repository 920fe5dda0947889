// `longhand data`: says what a set of images is, what is odd about it, and draws some of it.
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import {
  channelsOption,
  noTransposeOption,
  requireEnding,
  requireFolder,
  requireFree,
  sizeOption,
  transposeOption,
} from "../options.ts";

/** The flags of `data`. */
export interface DataFlags {
  readonly out?: string;
  readonly force?: boolean;
  readonly transpose?: boolean;
  readonly channels?: number;
  readonly size?: number;
}

/** Prints what is at `path`, and draws it. Throws a `LonghandError` for everything that a person can mend. */
export async function dataCommand(path: string, flags: DataFlags): Promise<void> {
  const name = basename(resolve(path)).replace(/\.\w+$/, "") || "data";
  const out = flags.out ?? `${name}-preview.png`;
  requireEnding("--out", out, ".png");
  requireFolder("--out", out);
  requireFree("--out", out, flags.force);
  const { showSet } = await import("../actions/data.ts");
  await showSet(path, out, flags);
}

/** Adds `data` to the command line. */
export function addData(program: Command): void {
  program
    .command("data")
    .description("say what a set of images is and what is odd about it, and draw some of it")
    .argument("<path>", "what --data takes: a folder, a file, or a set's prefix in a folder")
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .addOption(sizeOption())
    .addOption(channelsOption())
    .option("--out <file>", "the picture: a row per class (default: <name>-preview.png here)")
    .option("--force", "replace the picture if it exists")
    .action(async (path: string, flags: DataFlags) => dataCommand(path, flags));
}
