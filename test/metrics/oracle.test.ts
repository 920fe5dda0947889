// The metrics, compared with PyTorch's answers (test/fixtures/oracle/metrics.json), to a millionth.

import { expect, test } from "vitest";
import { metrics } from "../../src/index.ts";
import type { Ref } from "../../proof/reference/array.ts";
import { expectedOf, inputOf, loadCases, type OracleCase } from "../reference/oracle.ts";

const K = 3;
const RELATIVE = 1e-6;
/** For what is 0: the file's identical sets are 1.8e-15 apart. */
const ABSOLUTE = 1e-12;

const matrixOf = ({ shape, data }: Ref): metrics.Matrix => ({
  rows: shape[0]!,
  columns: shape[1]!,
  values: Float64Array.from(data),
});

async function figuresOf(each: OracleCase): Promise<Record<string, number>> {
  if (each.op === "inception_score") {
    return { score: metrics.classifierScore(matrixOf(inputOf(each, "probs"))) };
  }
  const [real, fake] = [matrixOf(inputOf(each, "real")), matrixOf(inputOf(each, "fake"))];
  return {
    frechet: metrics.frechetDistance(metrics.gaussianOf(real), metrics.gaussianOf(fake)),
    kid: await metrics.kernelDistance(real, fake),
    ...(await metrics.neighbourhoods(real, fake, K)),
  };
}

const cases = loadCases("metrics.json");

test("the file has every metric", () => {
  const names = new Set(cases.flatMap((each) => [...each.expected.keys()]));
  const all = ["coverage", "density", "frechet", "kid", "precision", "recall", "score"];
  expect([...names].toSorted()).toEqual(all);
});

test.each(cases.map((each) => [each.name, each] as const))("%s", async (_, each) => {
  const figures = await figuresOf(each);
  expect(Object.keys(figures).toSorted()).toEqual([...each.expected.keys()].toSorted());
  for (const name of each.expected.keys()) {
    const want = expectedOf(each, name).data[0]!;
    const allowed = RELATIVE * Math.abs(want) + ABSOLUTE;
    expect(Math.abs(figures[name]! - want), `${name}: ${figures[name]}`).toBeLessThanOrEqual(
      allowed,
    );
  }
});
