// The report of a check: read back as it was written, refused if it isn't one, and readable as tables.
import { expect, test } from "vitest";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { formatCheck, parseCheck, type GpuCheck } from "../../src/gpu-check/report.ts";
import { checkTables } from "../../src/gpu-check/tables.ts";
import { messageOf } from "../support/message-of.ts";

const check: GpuCheck = {
  format: 1,
  date: "2026-11-28T06:00:00.000Z",
  about: {
    adapter: "Some GPU, driver 1.2",
    kind: "gpu",
    vendor: "some",
    architecture: "one",
    description: "driver 1.2",
    features: ["shader-f16"],
    limits: { maxBufferSize: 1024 },
    runtime: "Dawn on Node",
    longhand: "0.1.0",
    commit: "abc1234",
  },
  seconds: 61.5,
  correctness: {
    cases: 40,
    left: 2,
    kernels: [
      { label: "matmul.direct", cases: 20, wrong: 0 },
      { label: "matmul.tiled", cases: 20, wrong: 1 },
    ],
    faults: [{ op: "matmul", case: "a | b", variant: "tiled", problem: "the output[3]: 1, not 2" }],
    barred: ["matmul.tiled"],
    f16: true,
  },
  ceilings: {
    flops: 47.1e12,
    halfFlops: 94e12,
    bandwidth: 2.9e12,
    sharedBandwidth: 3e13,
    barriers: 1.5e9,
    launch: { dependent: 4.2e-6, oneBuffer: 3.9e-6, ownBuffers: 1.1e-6 },
  },
  workloads: [
    {
      key: "matmul 1x2x3",
      flop: 2e9,
      timesPerStep: 3,
      standard: "workgroup",
      variants: [
        { variant: "workgroup", milliseconds: 0.5, remark: null },
        { variant: "tiled", milliseconds: null, remark: "wrong: off by 2" },
        { variant: "direct", milliseconds: null, remark: "no time left" },
      ],
    },
  ],
  steps: [
    {
      recipe: "dcgan",
      batch: 256,
      dispatches: 45,
      multiplyAdds: 1e11,
      peakBytes: 2.5e8,
      seconds: 0.01,
      fastest: 0.009,
      slowest: 0.012,
      kernels: [
        {
          label: "conv2d-forward-workgroup.tiled",
          launches: 4,
          seconds: 0.004,
          flops: 2e13,
          bandwidth: 1e11,
          ofCeiling: 0.42,
        },
      ],
    },
  ],
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("is read back as it was written", () => {
  expect(parseCheck(bytes(formatCheck(check)), "gpu-check.json")).toEqual(check);
});

test("anything else is refused in one line that names the file", async () => {
  const { steps: _, ...less } = check;
  for (const text of [
    "",
    "{}",
    JSON.stringify(less),
    formatCheck(check).replace("256", '"many"'),
  ]) {
    const said = await messageOf(CheckpointError, () => parseCheck(bytes(text), "a.json"));
    expect(said).toContain("a.json");
  }
});

test("its tables have every figure in units that people read", () => {
  const text = checkTables(check);
  expect(text).toContain("## Some GPU, driver 1.2\n\n2026-11-28, Longhand 0.1.0, commit abc1234");
  expect(text).toContain(
    "**1 of 2 kernels have wrong answers**: matmul.tiled, in 1 comparisons of 40 cases with float64. Runs on this adapter use other variants in place of matmul.tiled. 16-bit activations are right too. There was no time for 2 more cases.",
  );
  expect(text).toContain("| matmul | a \\| b | tiled | the output[3]: 1, not 2 |");
  expect(text).toContain("| multiply-adds, 32 bits | 47.1 TFLOP/s |");
  expect(text).toContain("| a launch that depends on the one before | 4.20 µs |");
  expect(text).toContain("| `dcgan` | 256 | 10.0 | 9.00 to 12.0 | 25600 | 20.0 T | 45 | 250.0 |");
  expect(text).toContain(
    "| `conv2d-forward-workgroup.tiled` | 4 | 4.00 | 100 % | 20.0 T | 100 G | 42 % |",
  );
  expect(text).toContain("| matmul 1x2x3 | *0.500 (4000)* | wrong | – |");
});

test("a check without faults says how many kernels are right, and what it had no time for", () => {
  const clean = {
    ...check.correctness,
    faults: [],
    barred: [],
    f16: null,
    left: 0,
    kernels: check.correctness.kernels.map((each) => ({ ...each, wrong: 0 })),
  };
  const text = checkTables({
    ...check,
    correctness: clean,
    ceilings: null,
    steps: [],
    workloads: [],
  });
  expect(text).toContain(
    "**All 2 kernels that ran are right**: 40 cases against float64, each in the variants that it proves.",
  );
  expect(text).toContain("The time was up before the ceilings were measured.");
  expect(text).not.toContain("no time for");
});
