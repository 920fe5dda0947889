// How fast the GPU is, and whether it is right: one button, its progress, and tables to paste.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import "./gpu.css";
import { check, startCheck, stopCheck } from "../check/check.ts";
import { Tables } from "../check/tables.tsx";
import { adapter, isBusy } from "../state/state.ts";
import { Notice } from "../ui/notice.tsx";
import { download } from "../ui/words.ts";

/** The most seconds that a check takes; an address may name others, for machines in a hurry. */
const SECONDS = Number(new URLSearchParams(location.search).get("check-seconds")) || 300;

/** The view. */
export function Gpu(): JSX.Element {
  const state = check.value;
  const running = state.is === "running";
  const cannot = !adapter.value || (isBusy.value && !running);
  return (
    <section class="card check" aria-labelledby="check-title">
      <h2 id="check-title">How fast is your GPU, and is it right?</h2>
      <p>
        Compares the kernels of all ops with float64, measures what the GPU can do at best, and
        times matrix products, convolutions and whole steps of training. It takes at most{" "}
        {SECONDS >= 60 ? `${Math.round(SECONDS / 60)} minutes` : `${SECONDS} seconds`}. The report
        is the same as that of <code>npm run gpu-check</code>.
      </p>
      <div class="buttons">
        <button
          id="check"
          type="button"
          class="primary"
          aria-disabled={cannot}
          onClick={() => {
            if (running) stopCheck();
            else if (!cannot) startCheck(SECONDS);
          }}
        >
          {running ? "Stop the check" : "Check this GPU"}
        </button>
        {state.is === "done" && <Results {...state} />}
      </div>
      <p id="check-phase" role="status" class="phase">
        {words()}
      </p>
      {running && <progress id="check-bar" aria-labelledby="check-phase" value={state.share} />}
      {state.is === "failed" && <Notice kind="error">The check failed: {state.words}</Notice>}
      {state.is === "done" && (
        <div id="check-tables">
          <Tables markdown={state.tables} />
        </div>
      )}
    </section>
  );
}

function words(): string {
  const state = check.value;
  if (state.is === "running") return state.words;
  if (state.is === "done") return "Checked.";
  if (!adapter.value) return "There is no GPU to check.";
  return isBusy.value ? "Pause the training first: it would spoil the times." : "";
}

function Results({
  report,
  tables,
}: {
  readonly report: string;
  readonly tables: string;
}): JSX.Element {
  const said = useSignal("Copy the tables");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(tables);
      said.value = "Copied";
    } catch {
      said.value = "The browser allows no copying: save the report";
    }
  };
  return (
    <>
      <button id="check-copy" type="button" onClick={() => void copy()}>
        {said.value}
      </button>
      <button
        id="check-save"
        type="button"
        onClick={() => download("gpu-check.json", "application/json", [report])}
      >
        Save the report
      </button>
      <span class="visually-hidden" role="status">
        {said.value === "Copied" ? "The tables are in the clipboard, as Markdown." : ""}
      </span>
    </>
  );
}
