// `longhand classify`: which digits pictures show, by the judge.
import { formatJson } from "../checkpoint/json.ts";
import { writeFileAtomic } from "../checkpoint/files.ts";
import { textTable } from "../gpu/text-table.ts";
import { CLASSES } from "../judge/designs.ts";
import { judgeImages, type Judge, type Judged } from "../judge/judge.ts";
import { readInputs, type Input } from "./classify-inputs.ts";
import { formatAccuracy, loadJudge } from "./judges.ts";
import { print } from "./print.ts";
import { createBars } from "./progress.ts";
import { withDevice } from "./session.ts";

/** The flags of `classify`. */
export interface ClassifyFlags {
  readonly labels?: string;
  /** Exchange rows and columns of an IDX file's images. */
  readonly transpose?: boolean;
  readonly json?: string;
  readonly second?: boolean;
  readonly adapter?: string;
}

/** What is found on one image: the two most probable digits. */
interface Finding {
  readonly name: string;
  readonly digit: number;
  readonly probability: number;
  readonly second: number;
  readonly secondProbability: number;
  readonly label: number | undefined;
  /** Why it may be wrong. */
  readonly doubts: readonly string[];
}

const UNSURE = 0.8; // the probability below which the judge itself has doubts

/** Classifies all that paths name. Throws a `LonghandError` for whatever a person can mend. */
export async function classifyCommand(
  paths: readonly string[],
  flags: ClassifyFlags,
): Promise<void> {
  const { inputs, notes } = await readInputs(paths, flags);
  for (const note of notes) print(note);
  const which = flags.second ? "second" : "first";
  await withDevice(flags.adapter, async (device) => {
    const judge = await loadJudge(device, which);
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
  const bars = count > 1000 ? createBars("{bar} {value}/{total} images") : undefined;
  const bar = bars?.create(count, 0);
  try {
    return await judgeImages(judge, images, count, height, width, (done) => bar?.update(done));
  } finally {
    bars?.stop();
  }
}

function findingsOf(
  { names, labels, doubts, source }: Input,
  { probabilities }: Judged,
): Finding[] {
  return names.map((name, i) => {
    const row = probabilities.subarray(i * CLASSES, (i + 1) * CLASSES);
    const order = [...row.keys()].toSorted((a, b) => row[b]! - row[a]!); // alike ones stay in order
    const [digit, second] = [order[0]!, order[1]!];
    const [probability, secondProbability] = [row[digit]!, row[second]!];
    const unsure = probability < UNSURE && source === undefined ? ["the judge is not sure"] : [];
    const all = [...doubts[i]!, ...unsure];
    return { name, digit, probability, second, secondProbability, label: labels?.[i], doubts: all };
  });
}

function inWords({ name, digit, probability, second, secondProbability, doubts }: Finding): string {
  const doubtful = doubts.length > 0 ? `; doubtful: ${doubts.join("; ")}` : "";
  return `${name}: ${digit} (${formatAccuracy(probability)}), else ${second} (${formatAccuracy(secondProbability)})${doubtful}`;
}

/** What an IDX file's images are: accuracy and confusions where there are labels, else how many of each digit. */
function summaryOf({ source, count, labels }: Input, findings: readonly Finding[]): string[] {
  const digits = Array.from({ length: CLASSES }, (_, digit) => digit);
  if (!labels) {
    const numbers = digits.map((d) => String(findings.filter(({ digit }) => digit === d).length));
    const columns = digits.map((digit) => ({ title: String(digit), numeric: true }));
    const lines = [`${source}: ${count} images, no labels; of each digit:`];
    return [...lines, ...textTable(columns, [numbers])];
  }
  const right = findings.filter(({ digit, label }) => digit === label).length;
  const classes = [...new Set([...digits, ...labels])];
  const columns = ["label", ...digits.map(String)].map((title) => ({ title, numeric: true }));
  const rows = classes.map((label) => {
    const of = findings.filter((each) => each.label === label);
    const cells = digits.map((d) => String(of.filter(({ digit }) => digit === d).length));
    return [String(label), ...cells];
  });
  return [
    `${source}: ${formatAccuracy(right / count)} of ${count} images right. Rows are labels, columns what the judge said:`,
    ...textTable(columns, rows),
  ];
}
