// The chart of both losses: the panel of a run's losses.svg, in the page's own colours.

import type { StepRecord } from "../src/gan/train-steps.ts";
import { drawPanel, type PanelColours, type StepAxis } from "../src/pictures/plot-panel.ts";
import { meanRadius, robustRange } from "../src/pictures/series.ts";

const COLOURS: PanelColours = {
  paper: "var(--card)",
  faintInk: "var(--faint-ink)",
  rule: "var(--rule)",
  alarm: "var(--alarm)",
};

/**
 * Replaces the contents of `place` by an SVG of its width: both losses over the steps, with single steps faint behind
 * their moving mean. With `stepsPerEpoch` NaN, epochs are left out.
 */
export function drawLosses(
  place: HTMLElement,
  records: readonly StepRecord[],
  stepsPerEpoch: number,
): void {
  const lossD = records.map((record) => record.lossD);
  const lossG = records.map((record) => record.lossG);
  const panel = {
    steps: records.map((record) => record.step),
    lines: [
      { colour: "var(--loss-d)", values: lossD },
      { colour: "var(--loss-g)", values: lossG },
    ],
    domain: robustRange([...lossD, ...lossG]),
    radius: meanRadius(records.length),
  };
  const last = records.at(-1)?.step ?? 1;
  const axis: StepAxis = { domain: [0, last], stepsPerEpoch };
  const svg = drawPanel(document, panel, axis, {
    width: Math.max(280, place.clientWidth),
    height: 320,
    epochLabels: stepsPerEpoch <= last,
    stepLabels: true,
    colours: COLOURS,
  });
  place.replaceChildren(svg);
}
