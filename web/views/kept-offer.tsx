// What the page offers when it is opened and a run is kept: to go on with it.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { start } from "../state/actions.ts";
import { dismissOffer, keepBusy, keptRuns, offer, resume, takeRun } from "../state/kept.ts";
import { adapter, hasProblems } from "../state/state.ts";
import { keepFocus } from "../ui/focus.ts";
import { whole } from "../ui/words.ts";
import "./keep.css";
import { DeleteButton, wordsFor } from "./kept-list.tsx";

/** The offer; nothing if there is none. */
export function KeptOffer(): JSX.Element | null {
  const run = offer.value;
  const isOffered = run !== undefined;
  useEffect(() => {
    if (isOffered) return () => keepFocus("#run");
    return undefined;
  }, [isOffered]);
  if (!run) return null;
  const can = adapter.value !== undefined && keptRuns.value && keepBusy.value === "";
  const canStart = can && !hasProblems.value;
  return (
    <section id="kept-offer" class="notice remark" aria-labelledby="kept-offer-title">
      <h2 id="kept-offer-title">A run of step {whole(run.step)} is kept here</h2>
      <p>{wordsFor(run)}.</p>
      <div class="buttons">
        <button
          type="button"
          class="primary"
          aria-disabled={!can}
          onClick={() => can && void resume(run.id)}
        >
          {keepBusy.value === "" ? "Go on with it" : keepBusy.value}
        </button>
        <button
          type="button"
          aria-disabled={!canStart}
          onClick={() => {
            if (!canStart) return;
            dismissOffer();
            void start();
          }}
        >
          Start anew
        </button>
        <button type="button" aria-disabled={!can} onClick={() => can && void takeRun(run.id)}>
          Download
        </button>
        <DeleteButton run={run} />
        <button type="button" onClick={dismissOffer}>
          Not now
        </button>
      </div>
    </section>
  );
}
