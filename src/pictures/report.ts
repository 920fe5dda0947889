// An evaluation's page: one self-contained HTML file, with plots as SVG and images as data URLs. It needs neither a
// network nor scripts. It takes plain data; report-plots.ts draws, report-html.ts writes.
import type { GrayImage } from "./grid.ts";
import type { LossRow } from "./plot.ts";
import { formatFigure } from "./figure-words.ts";
import { classPlot, distancePlot, dotPlot, type NamedValue } from "./report-plots.ts";
import { lossPanels } from "./report-losses.ts";
import { htmlPage, pageHead, pictureTag, section, termList, type Term } from "./report-html.ts";
import { escapeXml } from "./xml.ts";

/** A figure, next to those of sets of known quality. */
export interface ReportFigure {
  readonly title: string;
  /** Such as `lower is better, 0 and up`. */
  readonly better: string;
  readonly words: string;
  readonly logarithmic: boolean;
  /** The run's own value comes first. */
  readonly values: readonly NamedValue[];
}

/** A sample and its nearest training image. */
export interface ReportSample {
  readonly image: GrayImage;
  readonly nearest: GrayImage;
  /** The digit that the judge takes it for. */
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Everything on the page. */
export interface Report {
  readonly title: string;
  /** The outcome in a sentence or two, at the top of the page. */
  readonly summary: string;
  readonly facts: readonly Term[];
  /** Samples that nobody chose, in one picture. */
  readonly overview: { readonly image: GrayImage; readonly words: string };
  readonly figures: readonly ReportFigure[];
  /** The same figures by another judge; undefined if there is none. */
  readonly second:
    | { readonly words: string; readonly figures: readonly ReportFigure[] }
    | undefined;
  readonly classes: {
    readonly counts: readonly number[];
    readonly expected: readonly number[];
    readonly words: string;
  };
  /** Distances to the nearest training image. */
  readonly copying: {
    readonly samples: readonly number[];
    readonly real: readonly number[];
    readonly guide: number;
    readonly words: string;
  };
  readonly chosen: readonly {
    readonly heading: string;
    readonly words: string;
    readonly samples: readonly ReportSample[];
  }[];
  readonly losses:
    | { readonly rows: readonly LossRow[]; readonly stepsPerEpoch: number }
    | undefined;
  readonly terms: readonly Term[];
}

/** Returns the page as text. The same report gives the same text. */
export function reportPage(report: Report): string {
  const { title, summary, facts, overview, figures, second, classes, chosen } = report;
  const { losses, terms } = report;
  return htmlPage(title, [
    pageHead(title, summary, facts),
    section(
      "Samples, not chosen",
      overview.words,
      pictureTag(overview.image, overview.words, "overview"),
    ),
    section("Figures", "Each next to the same figure for images of known quality.", cards(figures)),
    second ? section("By a second judge", second.words, cards(second.figures)) : "",
    section(
      "Classes",
      classes.words,
      classPlot(classes.counts, classes.expected, "samples of each class"),
    ),
    copySection(report),
    ...chosen.map(({ heading, words, samples }) =>
      section(heading, words, `<div class="samples">${samples.map(sample).join("\n")}</div>`),
    ),
    losses ? section("Training", "", lossPanels(losses.rows, losses.stepsPerEpoch)) : "",
    section("How it is measured", "", termList(terms)),
  ]);
}

function cards(figures: readonly ReportFigure[]): string {
  const each = figures.map(
    ({ title, better, words, logarithmic, values }) =>
      `<div class="card"><div class="head"><h3>${escapeXml(title)}</h3><span class="better">${escapeXml(better)}</span></div>
<div class="figure">${formatFigure(values[0]?.value ?? Number.NaN)}</div>
${dotPlot(values, { logarithmic, title })}
<p>${escapeXml(words)}</p></div>`,
  );
  return `<div class="cards">${each.join("\n")}</div>`;
}

function copySection({ copying }: Report): string {
  const { samples, real, guide, words } = copying;
  return section(
    "Is it copying?",
    words,
    `<div class="key"><span><i style="background:var(--accent)"></i>samples</span><span><i style="background:var(--other)"></i>test digits</span></div>
${distancePlot(samples, real, guide, "distances to the nearest training image")}`,
  );
}

function sample({ image, nearest, heading, lines }: ReportSample): string {
  const picture = (of: GrayImage, who: string): string =>
    `<div>${pictureTag(of, who)}<div class="who">${who}</div></div>`;
  return `<div class="sample"><div class="pair">${picture(image, "sample")}${picture(nearest, "nearest")}</div>
<b>${escapeXml(heading)}</b>${lines.map((line) => `<div>${escapeXml(line)}</div>`).join("")}</div>`;
}
