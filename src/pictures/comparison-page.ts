// The page of a comparison of recipes: one self-contained HTML file in the style of an evaluation's page. It takes plain
// data.
import type { GrayImage } from "./grid.ts";
import { rangePlot, type RangeLine, type RangePlotOptions } from "./range-plot.ts";
import { htmlPage, pageHead, pictureTag, section, termList, type Term } from "./report-html.ts";
import { classPlot } from "./report-plots.ts";
import { escapeXml } from "./xml.ts";

/** A table: its titles and its rows. The first column names the rows. */
export interface PageTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A run's samples. */
export interface RunSamples {
  readonly title: string;
  /** Undefined if the run diverged; `words` says so. */
  readonly image: GrayImage | undefined;
  readonly words: string;
  /** How many samples the judge takes for each class; undefined if the run diverged. */
  readonly counts: readonly number[] | undefined;
}

/** Everything on the page. */
export interface ComparisonPage {
  readonly title: string;
  /** The outcome in a sentence or two, at the top of the page. */
  readonly summary: string;
  readonly facts: readonly Term[];
  readonly curve: RangePlotOptions & {
    readonly words: string;
    readonly lines: readonly Omit<RangeLine, "colour">[];
  };
  readonly figures: PageTable & { readonly words: string };
  readonly runs: PageTable & { readonly words: string };
  readonly samples: { readonly words: string; readonly runs: readonly RunSamples[] };
  readonly classes: { readonly words: string; readonly shares: readonly number[] };
  readonly terms: readonly Term[];
}

// Hues that stay apart for colour-blind eyes (after Okabe and Ito), in each scheme dark or light enough for its page.
const STYLE = `
:root { --entry-0: #0068a8; --entry-1: #d1540a; --entry-2: #00805e; --entry-3: #b04a8b; --entry-4: #7a6200; --entry-5: #5b6474; }
@media (prefers-color-scheme: dark) {
  :root { --entry-0: #5db4f0; --entry-1: #ff9a57; --entry-2: #4cc9a0; --entry-3: #e08cc4; --entry-4: #dfc04a; --entry-5: #a0a9b8; }
}
.wide svg { max-width: 680px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--faint-ink); font-weight: 600; }
.grids { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 200px), 1fr)); gap: 14px; }
.grids img { width: 100%; height: auto; border-radius: 4px; }
`;

/** Returns the page as text. The same comparison gives the same text. */
export function comparisonPage(page: ComparisonPage): string {
  const { title, summary, facts, curve, figures, runs, samples, classes, terms } = page;
  const lines = curve.lines.map((line, at) => ({ ...line, colour: `var(--entry-${at})` }));
  return htmlPage(
    title,
    [
      pageHead(title, summary, facts),
      section("Fréchet distance", curve.words, rangePlot(lines, curve)),
      section("Figures at the end", figures.words, table(figures)),
      section("Runs", runs.words, table(runs)),
      section("Samples, not chosen", samples.words, cards("grids", samples.runs.map(grid))),
      section(
        "Classes",
        classes.words,
        cards(
          "cards",
          samples.runs.map((run) => histogram(run, classes.shares)),
        ),
      ),
      section("How it is measured", "", termList(terms)),
    ],
    STYLE,
  );
}

function table({ titles, rows }: PageTable): string {
  const head = titles.map((each) => `<th scope="col">${escapeXml(each)}</th>`).join("");
  const body = rows.map(
    (row) => `<tr>${row.map((each) => `<td>${escapeXml(each)}</td>`).join("")}</tr>`,
  );
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead>
<tbody>${body.join("\n")}</tbody></table></div>`;
}

const cards = (kind: string, each: readonly string[]): string =>
  `<div class="${kind}">${each.join("\n")}</div>`;

const card = (title: string, body: string): string =>
  `<div class="card"><h3>${escapeXml(title)}</h3>${body}</div>`;

const said = (words: string): string => `<p>${escapeXml(words)}</p>`;

function grid({ title, image, words }: RunSamples): string {
  return card(title, image ? pictureTag(image, `${title}: 16 samples`) : said(words));
}

function histogram({ title, counts, words }: RunSamples, shares: readonly number[]): string {
  if (!counts) return card(title, said(words));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const expected = shares.map((share) => share * total);
  return card(title, classPlot(counts, expected, `${title}: samples of each class`));
}
