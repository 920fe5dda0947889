// An evaluation in a terminal: each figure next to those of sets of known quality.
import { textTable } from "../../gpu/text-table.ts";
import { MEANINGS, REFERENCE_WORDS, REFERENCES, type Reference } from "../../judge/figures.ts";
import { formatFigure } from "../../pictures/figure-words.ts";
import type { Evaluation } from "./evaluation-file.ts";

const SHORT: Readonly<Record<Reference, string>> = {
  real: "real",
  repeated: "100 ×",
  single: "1 ×",
  noisy: "noisy",
  noise: "noise",
};

/** Returns the lines of an evaluation: the table, what its columns mean, and whether samples are copies. */
export function evaluationTable(evaluation: Evaluation): readonly string[] {
  const { samples, references, second, copying } = evaluation;
  const rows = MEANINGS.map(({ name, title, better, range }) => [
    title,
    better,
    range,
    formatFigure(samples.figures[name]),
    ...REFERENCES.map((each) => formatFigure(references[each].figures[name])),
  ]);
  const seconds = second
    ? (["frechetTrain", "frechetTest"] as const).map((name) => [
        name === "frechetTrain" ? "  by the second judge, training" : "  by the second judge, test",
        "lower",
        "0 and up",
        formatFigure(second.samples[name]),
        ...REFERENCES.map((each) => formatFigure(second.references[each][name])),
      ])
    : [];
  const titles = ["Figure", "better", "range"];
  return [
    ...textTable(
      [
        ...titles.map((title) => ({ title })),
        ...["this run", ...REFERENCES.map((each) => SHORT[each])].map((title) => ({
          title,
          numeric: true,
        })),
      ],
      [...rows.slice(0, 2), ...seconds, ...rows.slice(2)],
    ),
    "",
    ...REFERENCES.map((each) => `${SHORT[each].padEnd(6)} ${REFERENCE_WORDS[each].words}`),
    "",
    `Digits drawn: ${samples.counts.map((count, digit) => `${digit}: ${count}`).join(", ")}`,
    copyingWords(copying),
  ];
}

/** Says whether samples are nearer to training images than unseen digits are. */
export function copyingWords({ samples, test, nearer, count }: Evaluation["copying"]): string {
  return `Copying: the median distance of ${count.toLocaleString("en")} samples to their nearest training images is ${samples.median.toFixed(2)}, that of test digits is ${test.median.toFixed(2)}; ${(100 * nearer).toFixed(1)} % are nearer than 99 of 100 test digits (1 % is expected by chance)`;
}
