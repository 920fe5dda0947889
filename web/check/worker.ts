// The worker that checks the adapter: it opens a device of its own, checks it, and reports.
import "../strict.ts";
import {
  aboutAdapter,
  checkGpu,
  checkTables,
  formatCheck,
  openAdapter,
  openDevice,
  shaderText,
  wordsOf,
} from "../../src/web.ts";
import manifest from "../../package.json" with { type: "json" };
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
  const about = aboutAdapter(adapter, device.gpu.limits, {
    adapter: name,
    kind: software ? "software" : "gpu",
    runtime: navigator.userAgent,
    longhand: manifest.version,
    commit: null,
  });
  const found = await checkGpu(device, about, {
    seconds,
    onProgress: (phase, done, total) => post({ type: "progress", phase, done, total }),
  });
  device.destroy();
  post({ type: "checked", report: formatCheck(found), tables: checkTables(found) });
}

function post(message: CheckMessage): void {
  postMessage(message);
}
