// `longhand classify`: says which digits pictures show, according to the judge.
import type { Command } from "commander";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { formatJson } from "../../checkpoint/json.ts";
import { judgeImages, type Judge, type Judged } from "../../judge/judge.ts";
import { readInputs, type Input } from "../../runs/classify-inputs.ts";
import { loadJudge } from "../../runs/evaluation/judges.ts";
import { withDevice } from "../../runs/session.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import { adapterOption, noTransposeOption, transposeOption } from "../options.ts";
import { findingsOf, inWords, summaryOf, type Finding } from "../words/classification.ts";

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
  const { inputs, notes } = await readInputs(paths, flags);
  for (const note of notes) print(note);
  const which = flags.second ? "second" : "first";
  await withDevice(flags.adapter, async (device) => {
    const judge = await loadJudge(terminal, device, which);
    const results: { readonly input: Input; readonly findings: readonly Finding[] }[] = [];
    for (const input of inputs) {
      const findings = findingsOf(input, await judged(judge, input));
      results.push({ input, findings });
      if (input.source === undefined) findings.forEach((each) => print(inWords(each)));
      else print(...summaryOf(input, findings));
    }
    if (flags.json !== undefined) {
      const { name, accuracy, fingerprint } = judge;
      const images = results.flatMap(({ findings }) => findings);
      const said = { judge: { name, accuracy, fingerprint }, images };
      writeFileAtomic(flags.json, `${formatJson(said, 2)}\n`);
      print(flags.json);
    }
  });
}

async function judged(judge: Judge, input: Input): Promise<Judged> {
  const { images, count, height, width } = input;
  const bars = count > 1000 ? terminal.bars("{bar} {value}/{total} images") : undefined;
  const bar = bars?.create(count, 0);
  try {
    return await judgeImages(judge, images, count, height, width, (done) => bar?.update(done));
  } finally {
    bars?.stop();
  }
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
