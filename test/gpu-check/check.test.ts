// The whole check keeps to its time, wherever that ends.
import { expect, test } from "vitest";
import { checkGpu } from "../../src/gpu-check/check.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const about = {
  adapter: "Some GPU, driver 1.2",
  kind: "gpu",
  vendor: "some",
  architecture: "one",
  description: "driver 1.2",
  features: [],
  limits: {},
  runtime: "Dawn on Node",
  longhand: "0.1.0",
  commit: null,
} as const;

test("time that ends while the step's workloads are planned ends the check", async () => {
  // On a busy machine, the cases before the ceilings may take the first of these times.
  for (const seconds of [8, 30, 90]) {
    const end = performance.now() + seconds * 1000;
    const check = await checkGpu(device, about, {
      seconds,
      onProgress: (phase, done) => {
        if (phase !== "ceilings" || done === 0) return;
        while (performance.now() < end - 0.5); // the ceilings took all but this
      },
    });
    expect(check.steps).toEqual([]);
    if (check.ceilings) return;
  }
  expect.unreachable("the ceilings were never measured");
}, 180_000);
