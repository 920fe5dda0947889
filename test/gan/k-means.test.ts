// k-means on the host: it agrees with the device's, and with distances computed one by one.
import { expect, test } from "vitest";
import { findCentres, nearestRows } from "../../src/gan/k-means.ts";
import { kMeans, tensor } from "../../src/index.ts";
import { uniforms } from "../../src/kernels/host-draws.ts";
import { testDevice } from "../support/device.ts";

const draw = uniforms(8);
const COUNT = 900;

test.each([1, 2, 3, 7])("each point goes to the nearest of %i centres", (clusters) => {
  const columns = 5;
  const row = (): number[] => Array.from({ length: columns }, () => draw());
  const points = Array.from({ length: COUNT }, row);
  const centres = Array.from({ length: clusters }, row);
  const found = nearestRows(
    { values: Float64Array.from(points.flat()), columns },
    { values: Float64Array.from(centres.flat()), columns },
  );
  for (const [i, point] of points.entries()) {
    const distances = centres.map((centre) =>
      centre.reduce((sum, value, j) => sum + (value - point[j]!) ** 2, 0),
    );
    expect(found[i]).toBe(distances.indexOf(Math.min(...distances)));
  }
});

test("centres are the device's, within float32", async () => {
  const [columns, clusters, rounds] = [12, 6, 40];
  const values = Float32Array.from({ length: COUNT * columns }, (_, i) => (i % 3) + draw());
  const points = tensor(await testDevice(), values, [COUNT, columns]);
  const { centres, assignments } = await kMeans(points, { clusters, seed: 3, rounds });
  const rows = { values: Float64Array.from(values), columns };
  const found = await findCentres(rows, { clusters, seed: 3, rounds });
  (await centres.read("f32")).forEach((value, i) => expect(found.values[i]).toBeCloseTo(value, 5));
  expect([...nearestRows(rows, found)]).toEqual([...assignments]);
});

test.each([
  {
    of: "whole numbers, so that points repeat and centres stay empty",
    columns: 9,
    clusters: 40,
    values: Float64Array.from({ length: COUNT * 9 }, (_, i) =>
      Math.floor(draw() * (i < 300 * 9 ? 2 : 8)),
    ),
  },
  {
    // After a round the points 3 are as near to the first centre, 2, as to their own, 4: they change to the first.
    of: "points between two centres",
    columns: 1,
    clusters: 4,
    seed: 120,
    values: Float64Array.of(1, 1, 1, 1, 0, 0, 4, 7, 3, 5, 0, 6, 5, 0, 3, 2),
  },
])(
  "each round moves the centres to the means of all points nearest to them, bit by bit: $of",
  async ({ columns, clusters, seed = 5, values }) => {
    const points = { values, columns };
    const after = (rounds: number) => findCentres(points, { clusters, seed, rounds });
    for (let round = 0; round < 12; round += 1) {
      const { values: centres } = await after(round);
      const nearest = nearestRows(points, { values: centres, columns });
      const means = centres.map((centre, at) => {
        const own = [...nearest.keys()].filter((i) => nearest[i] === Math.floor(at / columns));
        const sum = own.reduce((total, i) => total + values[i * columns + (at % columns)]!, 0);
        return own.length > 0 ? sum / own.length : centre;
      });
      expect((await after(round + 1)).values).toEqual(means);
    }
  },
);
