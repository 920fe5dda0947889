// `longhand classify`: says which digits pictures show, according to the judge.
import type { Command } from "commander";
import { print } from "../../terminal/print.ts";
import { adapterOption, noTransposeOption, transposeOption } from "../options.ts";

/** The flags of `classify`. */
export interface ClassifyFlags {
  readonly labels?: string;
  /** Exchange rows and columns of an IDX file's images. */
  readonly transpose?: boolean;
  readonly json?: string;
  readonly second?: boolean;
  readonly adapter?: string;
}

/** Classifies everything that `paths` name. Throws a `LonghandError` for everything that a person can mend. */
export async function classifyCommand(
  paths: readonly string[],
  flags: ClassifyFlags,
): Promise<void> {
  const { readInputs } = await import("../../runs/classify-inputs.ts");
  const { inputs, notes } = await readInputs(paths, flags); // a wrong path is refused before the rest is loaded
  for (const note of notes) print(note);
  const { classifyInputs } = await import("../actions/classify.ts");
  await classifyInputs(inputs, flags);
}

/** Adds `classify` to the command line. */
export function addClassify(program: Command): void {
  program
    .command("classify")
    .description(
      "say which digits pictures show, according to the judge, and its accuracy if there are labels",
    )
    .argument(
      "<paths...>",
      "PNGs and JPEGs, folders of them, grids that sample drew, or IDX files of images",
    )
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .option("--labels <file>", "the IDX file of labels (default: the one next to the images)")
    .option("--json <file>", "also write every image's digit and probability to this file")
    .option("--second", "ask the second judge")
    .addOption(adapterOption())
    .action(async (paths: string[], flags: ClassifyFlags) => classifyCommand(paths, flags));
}
