// Checks an adapter for `longhand gpu-check`: shows progress, keeps what was found, and writes it to a file.
import { writeFileAtomic } from "../checkpoint/files.ts";
import { UsageError } from "../gpu/errors.ts";
import { versions } from "../gpu/node/adapter.ts";
import { checkGpu } from "../gpu-check/check.ts";
import { PHASE_WORDS, type Phase } from "../gpu-check/phases.ts";
import { aboutAdapter, formatCheck, type GpuCheck } from "../gpu-check/report.ts";
import { checkTables } from "../gpu-check/tables.ts";
import { checkoutCommit, longhandVersion } from "./checkout.ts";
import { saveGpuCheck } from "./gpu-checks.ts";
import { withDevice } from "./session.ts";
import type { Ui } from "./ui.ts";

/** What to check, for how long, and where to write it. */
export interface CheckRequest {
  readonly adapter?: string | undefined;
  readonly seconds: number;
  /** The JSON file. */
  readonly out: string;
}

/**
 * Checks an adapter and writes the report. Ctrl-C ends the check early, with what was found so far. Throws
 * `UsageError`, `OutputError`, `AdapterError`.
 */
export async function checkAdapter(ui: Ui, request: CheckRequest): Promise<GpuCheck> {
  return withDevice(request.adapter, async (device, opened) => {
    if (opened.kind === "null") {
      throw new UsageError(
        `gpu-check: ${opened.name} runs nothing, so there is nothing to check; choose another adapter`,
      );
    }
    ui.remark(opened.line);
    const view = progressOf(ui);
    const interrupt = ui.onInterrupt(
      ui.remark,
      "Stopping soon, with what was found so far; again to stop immediately.",
    );
    let found: GpuCheck;
    try {
      const about = aboutAdapter(opened.adapter, device.gpu.limits, {
        adapter: opened.name,
        kind: opened.kind,
        runtime: `Dawn (webgpu ${versions().webgpu ?? "unknown"}) on Node ${process.versions.node}`,
        longhand: longhandVersion(),
        commit: checkoutCommit() ?? null,
      });
      found = await checkGpu(device, about, {
        seconds: request.seconds,
        onProgress: view.show,
        stop: interrupt.asked,
      });
    } finally {
      interrupt.release();
      view.stop();
    }
    ui.print(...checkTables(found).trimEnd().split("\n"));
    writeFileAtomic(request.out, formatCheck(found));
    ui.remark(`Written to ${request.out}`);
    const path = await saveGpuCheck(opened.name, found.correctness);
    if (found.correctness.barred.length > 0) {
      ui.remark(`Runs on this adapter don't use the wrong variants from now on. Kept in ${path}`);
    }
    return found;
  });
}

/** Shows each part's progress: as a bar in a terminal, else as a line when it begins. */
function progressOf(ui: Ui): {
  readonly show: (phase: Phase, done: number, total: number, now: string) => void;
  readonly stop: () => void;
} {
  const bars = ui.bars("{bar} {value}/{total} {phase} | {now}", true);
  const bar = bars?.create(1, 0, { phase: "", now: "" });
  let last: Phase | undefined;
  return {
    show(phase, done, total, now) {
      bar?.setTotal(total);
      bar?.update(done, { phase: PHASE_WORDS[phase], now });
      if (phase !== last && !bar) ui.remark(`${PHASE_WORDS[phase]}…`);
      last = phase;
    },
    stop: () => bars?.stop(),
  };
}
