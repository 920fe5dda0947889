// The check of the GPU, as the page sees it: it runs in a worker with a device of its own, one at a time.
import { signal, type Signal } from "@preact/signals";
import { PHASE_WORDS } from "../../src/web.ts";
import type { CheckMessage, CheckRequest } from "./messages.ts";

/** What the check is doing. */
export type CheckState =
  | { readonly is: "idle" }
  | {
      readonly is: "running";
      readonly words: string;
      /** How much is done, from 0 to 1; undefined before that is known. */
      readonly share: number | undefined;
    }
  | { readonly is: "done"; readonly report: string; readonly tables: string }
  | { readonly is: "failed"; readonly words: string };

/** The state of the check. */
export const check: Signal<CheckState> = signal({ is: "idle" });

let worker: Worker | undefined;

/** Starts the check, which takes `seconds` at most. */
export function startCheck(seconds: number): void {
  if (worker) return;
  check.value = { is: "running", words: "Opening the adapter…", share: undefined };
  const mine = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: "check",
  });
  worker = mine;
  const end = (state: CheckState): void => {
    mine.terminate();
    worker = undefined;
    check.value = state;
  };
  mine.addEventListener("message", ({ data }: MessageEvent<CheckMessage>) => {
    switch (data.type) {
      case "progress":
        check.value = {
          is: "running",
          words: `${PHASE_WORDS[data.phase]}: ${data.done} of ${data.total}`,
          share: data.done / data.total,
        };
        return;
      case "checked":
        return end({ is: "done", report: data.report, tables: data.tables });
      case "error":
        return end({ is: "failed", words: data.message });
    }
  });
  mine.addEventListener("error", (event) => {
    event.preventDefault();
    end({ is: "failed", words: event.message || "its script can't be loaded" });
  });
  const request: CheckRequest = { seconds };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
  mine.postMessage(request);
}

/** Ends the check without a result. */
export function stopCheck(): void {
  worker?.terminate();
  worker = undefined;
  check.value = { is: "idle" };
}
