// k-means: against float64 on the host, with the same bits each time, and what it refuses.
import { expect, test } from "vitest";
import { AttributeError, DTypeError, kMeans, ShapeError, tensor } from "../../src/index.ts";
import { uniforms } from "../../src/kernels/host-draws.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";

const device = await testDevice();

/** Points around some centres, far apart against their spread. */
function blobs(count: number, columns: number, around: number, seed = 3): Float32Array {
  const draw = uniforms(seed);
  const centres = Array.from({ length: around * columns }, () => Math.round(draw() * 20));
  return Float32Array.from(
    { length: count * columns },
    (_, i) => centres[(Math.floor(i / columns) % around) * columns + (i % columns)]! + draw(),
  );
}

const squared = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);

test("finds clusters that lie apart, whichever rows it begins with", async () => {
  const [count, columns, around] = [1003, 7, 5];
  const points = tensor(device, blobs(count, columns, around), [count, columns]);
  for (const seed of [0, 1, 2]) {
    const { assignments, counts } = await kMeans(points, { clusters: around, seed });
    const named = Array.from({ length: around }, (_, blob) => assignments[blob]!);
    expect(new Set(named).size).toBe(around);
    assignments.forEach((cluster, row) => expect(cluster).toBe(named[row % around]));
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(count);
  }
});

test("ends where each row belongs to the nearest centre, and each centre is the mean of its rows", async () => {
  const [count, columns, clusters] = [2000, 30, 17];
  const draw = uniforms(11);
  const rows = Float32Array.from({ length: count * columns }, () => draw());
  const points = tensor(device, rows, [count, columns]);
  const { centres, assignments, counts } = await kMeans(points, { clusters, rounds: 500 });
  const found = await centres.read("f32");
  const means = new Float64Array(clusters * columns);
  assignments.forEach((cluster, row) => {
    for (let i = 0; i < columns; i += 1) {
      means[cluster * columns + i]! += rows[row * columns + i]! / counts[cluster]!;
    }
  });
  found.forEach((value, i) => expect(value).toBeCloseTo(means[i]!, 5));
  const at = (list: Float32Array, row: number) => list.subarray(row * columns, (row + 1) * columns);
  for (let row = 0; row < count; row += 1) {
    const distances = Array.from({ length: clusters }, (_, k) =>
      squared(at(rows, row), at(found, k)),
    );
    expect(distances[assignments[row]!]!).toBeLessThan(Math.min(...distances) + 1e-4);
  }
  const again = await kMeans(points, { clusters, rounds: 500 });
  expect(again.assignments).toEqual(assignments);
  expect(await again.centres.read("f32")).toEqual(found);
});

test("as many clusters as rows: each row is its own; one cluster: all rows; some stay empty if there are too few different rows", async () => {
  const rows = Float32Array.of(0, 0, 4, 0, 0, 3, -5, 1);
  const points = tensor(device, rows, [4, 2]);
  const each = await kMeans(points, { clusters: 4 });
  expect([...each.assignments].toSorted()).toEqual([0, 1, 2, 3]);
  expect([...each.counts]).toEqual([1, 1, 1, 1]);
  const all = await kMeans(points, { clusters: 1 });
  expect([...(await all.centres.read("f32"))]).toEqual([-0.25, 1]);
  const alike = tensor(device, [[1], [2], [1], [2], [1]]);
  const { assignments, counts } = await kMeans(alike, { clusters: 4 });
  expect([...counts].toSorted()).toEqual([0, 0, 2, 3]);
  expect(assignments[0]).not.toBe(assignments[1]);
});

test.each([
  [
    "a list",
    [[[1, 2]], { clusters: 1 }],
    AttributeError,
    "kMeans: takes points as a tensor (N, D); got [[1, 2]]",
  ],
  [
    "a vector",
    [tensor(device, [1, 2]), { clusters: 1 }],
    ShapeError,
    "kMeans: points must be a matrix (N, D), one row per point; got (2): reshape it",
  ],
  [
    "integers",
    [tensor(device, Int32Array.of(1, 2), [2, 1]), { clusters: 1 }],
    DTypeError,
    'kMeans: points must be f32; got i32: write cast(points, { to: "f32" })',
  ],
  [
    "no clusters",
    [tensor(device, [[1], [2]]), { clusters: 0 }],
    AttributeError,
    "kMeans: clusters must be a whole number ≥ 1; got 0",
  ],
  [
    "more clusters than rows",
    [tensor(device, [[1], [2]]), { clusters: 3 }],
    AttributeError,
    "kMeans: 3 clusters take as many rows; got 2: choose at most 2 clusters",
  ],
  [
    "NaN",
    [tensor(device, [[1], [Number.NaN]]), { clusters: 2 }],
    AttributeError,
    "kMeans: points must be finite; got infinite or NaN elements",
  ],
])("refuses %s", async (_, args, type, message) => {
  expect(await messageOf(type, () => Reflect.apply(kMeans, undefined, args))).toBe(message);
});
