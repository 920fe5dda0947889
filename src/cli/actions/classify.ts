// Classifies images for `longhand classify`, and prints what the judge says.
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { formatJson } from "../../checkpoint/json.ts";
import { judgeImages, type Judge, type Judged } from "../../judge/judge.ts";
import type { Input } from "../../runs/classify-inputs.ts";
import { loadJudge } from "../../runs/evaluation/judges.ts";
import { withDevice } from "../../runs/session.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import type { ClassifyFlags } from "../commands/classify.ts";
import { findingsOf, inWords, summaryOf, type Finding } from "../words/classification.ts";

/** Asks a judge about every input, and prints its answers. */
export async function classifyInputs(
  inputs: readonly Input[],
  flags: ClassifyFlags,
): Promise<void> {
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
