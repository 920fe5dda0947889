// A check of an adapter finds kernels that are wrong on it, and names the variants to use in their place.
import { expect, test } from "vitest";
import { checkKernels, casesInOrder, wrongVariants } from "../../src/gpu-check/correct.ts";
import { kernelChoices, VARIANTS } from "../../src/kernels/variant.ts";
import { multiply } from "../../src/kernels/matmul.ts";
import { table } from "../../proof/table.ts";
import { spoilt } from "../kernels/spoilt.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

test("every case of the table is checked once, and each op's first case comes early", () => {
  const order = casesInOrder(device);
  const own = order.filter(({ half }) => !half);
  const all = Object.entries(table).flatMap(([op, { cases }]) =>
    cases.map((each) => ({ op, each })),
  );
  expect(new Set(own.map(({ each }) => each)).size).toBe(own.length);
  expect(own.length).toBe(all.length);
  const early = new Set(order.slice(0, Object.keys(table).length + 20).map(({ op }) => op));
  expect(Object.keys(table).filter((op) => !early.has(op))).toEqual([]);
  expect(order.some(({ half }) => half)).toBe(device.gpu.features.has("shader-f16"));
});

test("a kernel that is wrong in one variant is named, and barred", async () => {
  const wrong = spoilt(device, {
    file: "matmul.wgsl",
    from: "sum += a[A_AT + start.x + m * A_ROW + k * A_COLUMN]",
    to: "sum += 2f * a[A_AT + start.x + m * A_ROW + k * A_COLUMN]",
  });
  const cases = casesInOrder(wrong).filter(({ op }) => op === "matmul");
  let told = 0;
  const found = await checkKernels(wrong, {
    end: Infinity,
    cases,
    stop: () => told > 1,
    onCase: () => void (told += 1),
  });
  expect(found.barred).toContain("matmul.direct");
  expect(found.barred).not.toContain("matmul.tiled");
  expect(found.kernels.find(({ label }) => label === "matmul.direct")!.wrong).toBeGreaterThan(0);
  expect(found.kernels.find(({ label }) => label === "matmul.tiled")!.wrong).toBe(0);
  const fault = found.faults.find(({ variant }) => variant === "direct")!;
  expect(fault).toMatchObject({ op: "matmul" });
  expect(fault.problem).toMatch(/^the output/);
  expect(found).toMatchObject({ cases: 2, left: cases.length - 2 });
}, 60_000);

test("a case that is wrong in every variant bars none, as nothing could take its place", () => {
  const labels = ["matmul.tiled"];
  const bad = { variant: "tiled" as const, labels, problems: ["off"] };
  expect(wrongVariants([bad, { ...bad, variant: "direct", labels: ["matmul.direct"] }])).toEqual(
    [],
  );
  expect(
    wrongVariants([bad, { variant: "direct", labels: ["matmul.direct"], problems: [] }]),
  ).toEqual(["matmul.tiled"]);
});

test("a barred variant isn't launched, unless it is asked for by force", () => {
  const [a, b] = [device.empty([40, 8]), device.empty([8, 40])];
  const label = (): string => device.record("p", () => void multiply(a, b)).dispatches[0]!.label;
  const { barred, forced } = kernelChoices(device);
  const usual = label();
  const [shader, entry] = usual.split(".");
  const variant = shader!.endsWith("-lanes") ? "lanes" : entry!;
  barred.add(`matmul.${variant}`);
  try {
    expect(label()).not.toBe(usual);
    for (const other of VARIANTS["matmul"]!) if (other !== "direct") barred.add(`matmul.${other}`);
    expect(label()).toBe("matmul.direct");
    forced.set("matmul", "tiled");
    expect(label()).toBe("matmul.tiled");
  } finally {
    barred.clear();
    forced.clear();
  }
});
