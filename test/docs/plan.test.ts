// docs/images/plan.svg shows the current plan.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PLAN_FIGURE, planFigure, plannedStep } from "../support/plan-figure.ts";

const plan = plannedStep();

test("the figure is up to date: npm run docs writes it", () => {
  const kept = readFileSync(new URL(`../../${PLAN_FIGURE}`, import.meta.url), "utf8");
  expect(kept).toBe(planFigure(plan));
});

test("it shows every launch and every temporary, none of which ends before it begins", () => {
  const figure = planFigure(plan);
  expect(figure.match(/rotate\(-90/g)).toHaveLength(plan.dispatches.length);
  expect(figure.match(/rx="2"/g)).toHaveLength(
    plan.dispatches
      .flatMap(({ results }) => results)
      .filter((each) => each.freedAfter !== undefined).length,
  );
  expect(plan.temporaries).toBeGreaterThan(plan.buffers);
  for (const { index, results } of plan.dispatches) {
    for (const { freedAfter } of results) expect(freedAfter ?? index).toBeGreaterThanOrEqual(index);
  }
});
