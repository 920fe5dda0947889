// The worker that checks the adapter: it opens a device of its own, checks it, and reports.
import { openDevice } from "../src/gpu/device.ts";
import { wordsOf } from "../src/gpu/foreign-text.ts";
import { checkGpu } from "../src/gpu-check/check.ts";
import { formatCheck } from "../src/gpu-check/report.ts";
import { checkTables } from "../src/gpu-check/tables.ts";
import { openAdapter, shaderText } from "../src/browser.ts";
import manifest from "../package.json" with { type: "json" };
import type { CheckMessage, CheckRequest } from "./messages.ts";

addEventListener("message", ({ data }: MessageEvent<CheckRequest>) => {
  check(data.seconds).catch((error: unknown) => {
    post({ type: "error", message: wordsOf(error, Infinity) });
  });
});

async function check(seconds: number): Promise<void> {
  const { adapter, name, software } = await openAdapter();
  const limits = { maxStorageBufferBindingSize: Infinity, maxBufferSize: Infinity };
  const device = await openDevice({ adapter, shaderText, software, limits });
  const { vendor, architecture, description } = adapter.info;
  const granted: Record<string, number> = {};
  for (const limit in device.gpu.limits) {
    const value: unknown = Reflect.get(device.gpu.limits, limit);
    if (typeof value === "number") granted[limit] = value;
  }
  const about = {
    adapter: name,
    kind: software ? ("software" as const) : ("gpu" as const),
    vendor,
    architecture,
    description,
    features: [...adapter.features].toSorted(),
    limits: granted,
    runtime: navigator.userAgent,
    longhand: manifest.version,
    commit: null,
  };
  const found = await checkGpu(device, about, {
    seconds,
    onProgress: (phase, done, total, now) => post({ type: "progress", phase, done, total, now }),
  });
  device.destroy();
  post({ type: "checked", report: formatCheck(found), tables: checkTables(found) });
}

function post(message: CheckMessage): void {
  postMessage(message);
}
