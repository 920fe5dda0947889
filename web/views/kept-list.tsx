// The runs that this browser keeps: go on with one, take it along, delete it.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { KeptFacts } from "../lab/kept-facts.ts";
import { isReady } from "../state/state.ts";
import {
  forget,
  keepBusy,
  kept,
  keptRuns,
  persist,
  persisted,
  resume,
  storage,
  takeRun,
} from "../state/kept.ts";
import { keepFocus } from "../ui/focus.ts";
import { whole } from "../ui/words.ts";

/** Says what a kept run is, in a sentence without its end. */
export function wordsFor({ recipe, seed, step, stepsPerEpoch, saved }: KeptFacts): string {
  const epochs = Math.floor(step / stepsPerEpoch);
  const done = epochs > 0 ? `, ${whole(epochs)} ${epochs === 1 ? "epoch" : "epochs"}` : "";
  return `Recipe ${recipe}, seed ${seed}, step ${whole(step)}${done}; saved ${when(saved)}`;
}

function when(time: number): string {
  const date = new Date(time);
  const clock = date.toLocaleTimeString("en", {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? `today at ${clock}`
    : `on ${date.toLocaleDateString("en", { day: "numeric", month: "long" })} at ${clock}`;
}

/** The list. */
export function KeptList(): JSX.Element {
  const runs = keptRuns.value;
  const before = useRef(0);
  useEffect(() => {
    // The button that deleted a run is gone with it.
    if (runs && runs.length < before.current) keepFocus("#tab-keep");
    before.current = runs?.length ?? 0;
  }, [runs]);
  return (
    <section class="card" aria-labelledby="kept-title">
      <h2 id="kept-title">Kept in this browser</h2>
      {runs === undefined && <p class="faint">Looking…</p>}
      {runs?.length === 0 && (
        <p class="faint">No run yet. A run is saved by itself once it trains.</p>
      )}
      <ul id="kept-runs" class="kept-runs">
        {runs?.map((run) => (
          <KeptRow key={run.id} run={run} />
        ))}
      </ul>
      <Room />
    </section>
  );
}

function KeptRow({ run }: { readonly run: KeptFacts }): JSX.Element {
  const isBusy = keepBusy.value !== "";
  const canResume = !run.isOpen && !isBusy && isReady.value;
  const isHere = kept.value?.id === run.id;
  const state = isHere ? "in training here" : run.isOpen ? "open in a tab" : "";
  return (
    <li data-run={run.id}>
      <div>
        <strong>{run.id}</strong> {state !== "" && <span class="badge">{state}</span>}
        <p class="faint">{wordsFor(run)}.</p>
      </div>
      <div class="buttons">
        <button
          type="button"
          aria-disabled={!canResume}
          aria-label={`Go on with ${run.id}`}
          onClick={() => canResume && void resume(run.id)}
        >
          Go on
        </button>
        <button
          type="button"
          aria-disabled={isBusy}
          aria-label={`Download ${run.id}`}
          onClick={() => !isBusy && void takeRun(run.id)}
        >
          Download
        </button>
        <DeleteButton run={run} />
      </div>
    </li>
  );
}

/** A button that deletes a run, after a question. */
export function DeleteButton({ run }: { readonly run: KeptFacts }): JSX.Element {
  const question = useRef<HTMLDialogElement>(null);
  const can = !run.isOpen && keptRuns.value !== undefined && keepBusy.value === "";
  const title = `delete-${run.id}`;
  return (
    <>
      <button
        type="button"
        aria-disabled={!can}
        aria-label={`Delete ${run.id}`}
        onClick={() => can && question.current!.showModal()}
      >
        Delete
      </button>
      <dialog ref={question} aria-labelledby={title}>
        <h2 id={title}>Delete this run?</h2>
        <p>{wordsFor(run)}. It can’t be brought back.</p>
        <form method="dialog" class="buttons">
          <button type="submit">Keep it</button>
          <button type="submit" class="primary" onClick={() => void forget(run.id)}>
            Delete it
          </button>
        </form>
      </dialog>
    </>
  );
}

/** How much room the page's files take, and whether they are safe. */
function Room(): JSX.Element | null {
  if (!storage.value) return null;
  const { used, most } = storage.value;
  return (
    <p id="room" class="faint">
      The page’s files take {megabytes(used)} of the {megabytes(most)} that the browser grants it.{" "}
      {persisted.value ? (
        "The browser won’t delete them by itself."
      ) : (
        <>
          The browser may delete them when space runs short.{" "}
          <button type="button" class="linklike" onClick={() => void persist()}>
            Ask it not to
          </button>
        </>
      )}
    </p>
  );
}

const megabytes = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${whole(bytes / 1e9)} GB`;
