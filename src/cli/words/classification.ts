// What the judge found on pictures, in words.
import { textTable } from "../../gpu/text-table.ts";
import { CLASSES } from "../../judge/designs.ts";
import type { Judged } from "../../judge/judge.ts";
import type { Input } from "../../runs/classify-inputs.ts";
import { formatAccuracy } from "../../runs/evaluation/judges.ts";

/** What is found on one image: the two most probable digits. */
export interface Finding {
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

/** Returns the finding for each of an input's images. */
export function findingsOf(
  { names, labels, doubts, source }: Input,
  { probabilities }: Judged,
): Finding[] {
  return names.map((name, i) => {
    const row = probabilities.subarray(i * CLASSES, (i + 1) * CLASSES);
    const order = [...row.keys()].toSorted((a, b) => row[b]! - row[a]!); // equal ones stay in order
    const [digit, second] = [order[0]!, order[1]!];
    const [probability, secondProbability] = [row[digit]!, row[second]!];
    const unsure = probability < UNSURE && source === undefined ? ["the judge is not sure"] : [];
    const all = [...doubts[i]!, ...unsure];
    return { name, digit, probability, second, secondProbability, label: labels?.[i], doubts: all };
  });
}

/** Returns a finding in one line. */
export function inWords({
  name,
  digit,
  probability,
  second,
  secondProbability,
  doubts,
}: Finding): string {
  const doubtful = doubts.length > 0 ? `; doubtful: ${doubts.join("; ")}` : "";
  return `${name}: ${digit} (${formatAccuracy(probability)}), else ${second} (${formatAccuracy(secondProbability)})${doubtful}`;
}

/** Sums up an IDX file's images: accuracy and confusions if there are labels, otherwise how many of each digit. */
export function summaryOf(
  { source, count, labels }: Input,
  findings: readonly Finding[],
): string[] {
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
