// An evaluation as the page shows it: figures in words, samples next to their nearest training images.
import type { ImageSet } from "../../data/idx.ts";
import type { Chosen, Ranked } from "../../judge/choose.ts";
import { toFloats } from "../../data/pixels.ts";
import { MOST_NEIGHBOURS, type ImageStack } from "../../judge/comparison.ts";
import {
  MEANINGS,
  REFERENCE_WORDS,
  REFERENCES,
  type Figures,
  type Meaning,
} from "../../judge/figures.ts";
import type { NearestImages } from "../../judge/nearest-images.ts";
import { tileGrid, type GrayImage } from "../../pictures/grid.ts";
import { formatFigure } from "../../pictures/figure-words.ts";
import type { NamedValue } from "../../pictures/report-plots.ts";
import type { Term } from "../../pictures/report-html.ts";
import type { Report, ReportFigure, ReportSample } from "../../pictures/report.ts";
import type { Evaluation, JudgeName } from "./evaluation-file.ts";
import { copyingWords } from "./evaluation-table.ts";

/** What the page is made of. */
export interface ReportParts {
  readonly evaluation: Evaluation;
  /** The run's path. */
  readonly run: string;
  readonly samples: ImageStack & { readonly images: Float32Array };
  readonly train: ImageSet;
  /** The training images nearest to the first samples. */
  readonly nearest: NearestImages;
  readonly testDistances: Float64Array;
  readonly chosen: Chosen;
  readonly losses: Report["losses"];
}

const OVERVIEW = 100;

/** Returns the page of an evaluation, as plain data. */
export function evaluationReport(parts: ReportParts): Report {
  const { evaluation, run, samples, chosen, losses, nearest, testDistances } = parts;
  const { count, seed, copying, expected, second } = evaluation;
  const shown = Math.min(OVERVIEW, count);
  const { height, width } = samples;
  const overview = samples.images.subarray(0, shown * height * width);
  const cards = (ranked: readonly Ranked[]): readonly ReportSample[] =>
    ranked.map((each) => sampleCard(parts, each));
  return {
    title: `How good are the digits of ${run}?`,
    summary: summaryOf(evaluation),
    facts: factsOf(evaluation, run),
    overview: {
      image: tileGrid(overview, shown, height, width, { columns: 10, gap: 2, scale: 2 }),
      words: `The first ${shown} samples of seed ${seed}, in order.`,
    },
    figures: MEANINGS.map((meaning) => figureOf(evaluation, meaning)),
    second: second
      ? {
          words: `A classifier with another architecture, trained separately (${percent(second.judge.accuracy)} right on test images). No recipe or checkpoint was chosen by it.`,
          figures: MEANINGS.flatMap((meaning) => secondFigure(second, meaning)),
        }
      : undefined,
    classes: {
      counts: evaluation.samples.counts,
      expected: expected.map((share) => share * count),
      words: `What the judge takes the ${count.toLocaleString("en")} samples for; the lines show the training set's shares.`,
    },
    copying: {
      samples: [...nearest.distances],
      real: [...testDistances],
      guide: copying.guide,
      words: `${copyingWords(copying)}. Dashed: one test digit in a hundred lies left of it. A generator that copies has samples there. One that draws many simple digits, such as ones, has some too.`,
    },
    chosen: [
      {
        heading: "Best samples",
        words: "The highest-ranked sample of each digit, next to its nearest training image.",
        samples: cards(chosen.best),
      },
      {
        heading: "Typical samples",
        words: "The sample of median rank of each digit.",
        samples: cards(chosen.typical),
      },
      {
        heading: "Worst samples",
        words: "The lowest-ranked samples of all.",
        samples: cards(chosen.worst),
      },
    ],
    losses,
    terms: termsOf(evaluation),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function summaryOf({ samples, references, asked }: Evaluation): string {
  const own = samples.figures.frechetTrain;
  const known = REFERENCES.map((each) => ({
    title: REFERENCE_WORDS[each].title,
    value: references[each].figures.frechetTrain,
  })).toSorted((a, b) => a.value - b.value);
  const words = ({ title, value }: (typeof known)[number]): string =>
    `${title} (${formatFigure(value)})`;
  const below = known.findLast(({ value }) => value <= own);
  const above = known.find(({ value }) => value > own);
  const place =
    below && above
      ? `between ${words(below)} and ${words(above)}`
      : below
        ? `beyond ${words(below)}`
        : `below ${words(above!)}`;
  const told =
    asked === null
      ? ""
      : ` The judge takes ${percent(asked)} of them for the digit that was asked for.`;
  return `Fréchet distance ${formatFigure(own)} to the training set: ${place}. Lower is better.${told}`;
}

function factsOf(evaluation: Evaluation, run: string): readonly Term[] {
  const { recipe, checkpoint, step, seed } = evaluation.run;
  const { count, judge, adapter } = evaluation;
  return [
    ["Run", run],
    ["Recipe", `${recipe}, seed ${seed}`],
    [
      "Checkpoint",
      `${typeof checkpoint === "number" ? "" : `${checkpoint}, `}step ${step.toLocaleString("en")}`,
    ],
    ["Samples", `${count.toLocaleString("en")} of seed ${evaluation.seed}`],
    ["Judge", judgeWords(judge)],
    ["Adapter", adapter],
  ];
}

const judgeWords = ({ name, accuracy, fingerprint }: JudgeName): string =>
  `${name}, ${(100 * accuracy).toFixed(2)} % right on test images (${fingerprint.slice(0, 8)})`;

const THIS_RUN = "this run";

function figureOf({ samples, references }: Evaluation, meaning: Meaning): ReportFigure {
  return describe(meaning, [
    { label: THIS_RUN, value: samples.figures[meaning.name] },
    ...REFERENCES.map((each) => ({
      label: REFERENCE_WORDS[each].title,
      value: references[each].figures[meaning.name],
    })),
  ]);
}

function secondFigure(
  { samples, references }: NonNullable<Evaluation["second"]>,
  meaning: Meaning,
): readonly ReportFigure[] {
  const { name } = meaning;
  if (!isFrechet(name)) return [];
  return [
    describe(meaning, [
      { label: THIS_RUN, value: samples[name] },
      ...REFERENCES.map((each) => ({
        label: REFERENCE_WORDS[each].title,
        value: references[each][name],
      })),
    ]),
  ];
}

const isFrechet = (name: keyof Figures): name is "frechetTrain" | "frechetTest" =>
  name === "frechetTrain" || name === "frechetTest";

function describe(
  { title, better, range, words, logarithmic }: Meaning,
  values: readonly NamedValue[],
): ReportFigure {
  return { title, better: `${better} is better, ${range}`, words, logarithmic, values };
}

function sampleCard(
  { samples, train, nearest, testDistances }: ReportParts,
  { index, digit, certainty, realism }: Ranked,
): ReportSample {
  const distance = nearest.distances[index]!;
  const farther = testDistances.filter((each) => each > distance).length / testDistances.length;
  return {
    image: imageAt(samples, index),
    nearest: imageAt(train, nearest.indices[index]!),
    heading: `${digit} · ${(100 * certainty).toFixed(0)} %`,
    lines: [
      `realism ${formatFigure(realism)}`,
      `${distance.toFixed(1)} away, nearer than ${(100 * farther).toFixed(0)} % of test digits`,
    ],
  };
}

function imageAt({ images, height, width }: ImageStack, index: number): GrayImage {
  const size = height * width;
  const image = toFloats(images.subarray(index * size, (index + 1) * size));
  return tileGrid(image, 1, height, width, { gap: 0, scale: 1 });
}

function termsOf({ neighbours, count, copying, judge, references }: Evaluation): readonly Term[] {
  const compared = Math.min(count, MOST_NEIGHBOURS).toLocaleString("en");
  const looked = copying.count.toLocaleString("en");
  return [
    [
      "Features",
      `Everything except the class balance and the classifier score is measured on the outputs of the ${judge.name} judge's last hidden layer. The judge is a small classifier that this program trained on MNIST, so figures can't be compared with those of other judges, such as FID by Inception; compare them with the sets of known quality, of ${references.real.count.toLocaleString("en")} images each, and with runs judged by the same judge.`,
    ],
    ...REFERENCES.map((each): Term => [
      capital(REFERENCE_WORDS[each].title),
      capital(REFERENCE_WORDS[each].words),
    ]),
    [
      "Neighbourhoods",
      `Each image's neighbourhood reaches to its nearest neighbour number ${neighbours} in its own set; ${compared} samples are compared with as many training images, evenly spaced (Kynkäänniemi et al. 2019; Naeem et al. 2020). The kernel distance is computed between the same images.`,
    ],
    [
      "Certainty",
      "The judge's probability for the digit that it takes a sample for, in percent after the digit.",
    ],
    [
      "Realism",
      "The largest ratio of radius to distance over the narrower half of the real digits' neighbourhoods. At 1 or more, a sample lies in one of them; the larger the ratio, the nearer it is to the middle (Kynkäänniemi et al. 2019, section 5).",
    ],
    [
      "Rank",
      `Certainty times realism. Best, typical and worst are picked by it from the first ${looked} samples; best is the highest of each digit that was drawn, typical the median of each, worst the ten lowest of all.`,
    ],
    [
      "Nearest training image",
      `The training image at the smallest Euclidean distance over the pixels, where black to white is 1; samples of other sizes are resized to 28×28 first. Percentages say how many of ${looked} test digits are farther from their own nearest training image.`,
    ],
  ];
}

const capital = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
