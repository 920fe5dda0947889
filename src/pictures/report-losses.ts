// The plot of a run's losses on an evaluation's page. It is like plot.ts, but in the page's colours and about as wide
// as a phone.
import { svgDocument } from "./page.ts";
import { drawPanel, type PanelColours, type StepAxis } from "./plot-panel.ts";
import type { LossRow } from "./plot.ts";
import { finish } from "./report-plots.ts";
import { meanRadius, robustRange } from "./series.ts";

const COLOURS: PanelColours = {
  paper: "var(--page)",
  faintInk: "var(--faint-ink)",
  rule: "var(--rule)",
  alarm: "var(--alarm)",
};
const SIZE = { width: 420, height: 230 } as const;

interface Series {
  readonly key: "lossD" | "lossG" | "dReal" | "dFake";
  readonly name: string;
  readonly colour: string;
}

const LOSSES: readonly Series[] = [
  { key: "lossD", name: "discriminator", colour: "var(--loss-d)" },
  { key: "lossG", name: "generator", colour: "var(--loss-g)" },
];
const VERDICTS: readonly Series[] = [
  { key: "dReal", name: "D(real)", colour: "var(--d-real)" },
  { key: "dFake", name: "D(fake)", colour: "var(--d-fake)" },
];

/** Returns losses and verdicts over the steps of a run as HTML: two plots with their keys. */
export function lossPanels(rows: readonly LossRow[], stepsPerEpoch: number): string {
  const steps = rows.map(({ step }) => step);
  const axis: StepAxis = { domain: [0, Math.max(1, ...steps.slice(-1))], stepsPerEpoch };
  const radius = meanRadius(rows.length);
  const panel = (
    heading: string,
    series: readonly Series[],
    domain: [number, number],
    guide?: number,
  ): string => {
    const document = svgDocument();
    const lines = series.map(({ key, colour }) => ({
      colour,
      values: rows.map((row) => row[key]),
    }));
    const shown = { steps, lines, domain, radius, ...(guide === undefined ? {} : { guide }) };
    const layout = { ...SIZE, epochLabels: true, stepLabels: true, colours: COLOURS };
    const svg = finish(drawPanel(document, shown, axis, layout), heading);
    const key = series.map(
      ({ name, colour }) => `<span><i style="background:${colour}"></i>${name}</span>`,
    );
    return `<div><h3>${heading}</h3><div class="key">${key.join("")}</div>${svg}</div>`;
  };
  const losses = rows.flatMap(({ lossD, lossG }) => [lossD, lossG]);
  return `<div class="cards">${panel("Loss (nats)", LOSSES, robustRange(losses))}
${panel("Verdict: probability of “real”", VERDICTS, [0, 1], 0.5)}</div>`;
}
