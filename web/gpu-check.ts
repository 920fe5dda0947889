// The check of the GPU on the page: a button, its progress, the tables, and the report to save.
import { PHASE_WORDS } from "../src/gpu-check/phases.ts";
import type { CheckMessage, CheckRequest } from "./messages.ts";
import { download, find, say } from "./view.ts";

const checkButton = find("#check", HTMLButtonElement);
const saveButton = find("#check-save", HTMLButtonElement);
const bar = find("#check-bar", HTMLProgressElement);
const tables = find("#check-tables");

let report = "";

/** Lets the button start a check; `busy` says whether the GPU is at other work, which would spoil the times. */
export function offerCheck(busy: () => boolean): void {
  checkButton.addEventListener("click", () => {
    if (busy()) {
      say("#check-phase", "Stop the training first: it would spoil the times.");
      return;
    }
    run(Number(checkButton.dataset["seconds"]));
  });
  saveButton.addEventListener("click", () => {
    download("gpu-check.json", "application/json", [report]);
  });
}

function run(seconds: number): void {
  checkButton.disabled = true;
  saveButton.disabled = true;
  tables.hidden = true;
  bar.hidden = false;
  bar.removeAttribute("value");
  say("#check-phase", "Opening the adapter…");
  const worker = new Worker(new URL("./check-worker.ts", import.meta.url), { type: "module" });
  const end = (words: string): void => {
    worker.terminate();
    checkButton.disabled = false;
    bar.hidden = true;
    say("#check-phase", words);
  };
  worker.addEventListener("message", ({ data }: MessageEvent<CheckMessage>) => {
    switch (data.type) {
      case "progress":
        bar.max = data.total;
        bar.value = data.done;
        return say("#check-phase", `${PHASE_WORDS[data.phase]}: ${data.done} of ${data.total}`);
      case "checked":
        ({ report } = data);
        say("#check-tables", data.tables);
        tables.hidden = false;
        saveButton.disabled = false;
        return end("Checked. The tables are Markdown, to paste wherever you like.");
      case "error":
        return end(`The check failed: ${data.message}`);
    }
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    end(`The check stopped: ${event.message || "its script can't be loaded"}`);
  });
  const request: CheckRequest = { seconds };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
  worker.postMessage(request);
}
