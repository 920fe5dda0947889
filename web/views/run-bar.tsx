// The bar of the run, above every view: start, pause, one step, and how far it is.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { go, oneStep, pause, replacesRun, start } from "../state/actions.ts";
import {
  adapter,
  hasProblems,
  imagesPerSecond,
  isBusy,
  loading,
  phase,
  plan,
  recorded,
  records,
  runState,
  step,
} from "../state/state.ts";
import { decimals, duration, whole } from "../ui/words.ts";
import { ReplaceDialog } from "./replace-dialog.tsx";

/** The bar. */
export function RunBar(): JSX.Element {
  const question = useRef<HTMLDialogElement>(null);
  const begin = (): void => {
    if (replacesRun()) question.current!.showModal();
    else void start();
  };
  const state = runState.value;
  const cannot = !adapter.value || hasProblems.value;
  const idle = cannot || state === "preparing" || state === "done";
  return (
    <section class="run-bar" aria-label="The run" data-state={state}>
      <div class="buttons">
        {/* One button, whose word changes: focus stays where it was. */}
        <button
          id="run"
          type="button"
          class="primary"
          aria-disabled={idle}
          onClick={() => {
            if (idle) return;
            if (state === "running") void pause();
            else if (state === "paused") void go();
            else begin();
          }}
        >
          {WORDS[state]}
        </button>
        <button
          id="one-step"
          type="button"
          aria-disabled={state !== "paused"}
          onClick={() => state === "paused" && void oneStep()}
        >
          One step
        </button>
        <button
          id="anew"
          type="button"
          aria-disabled={cannot || state === "none" || state === "preparing"}
          onClick={() => !cannot && state !== "none" && state !== "preparing" && begin()}
        >
          Start anew…
        </button>
      </div>
      <p id="phase" class="phase" role="status">
        {loading.value
          ? `Loading ${loading.value.what}: ${whole(loading.value.done / 1e6)} of ${whole(loading.value.total / 1e6)} MB…`
          : phase.value}
      </p>
      <progress
        aria-label="Steps done"
        max={plan.value?.steps ?? 1}
        value={plan.value ? step.value : 0}
      />
      {plan.value && <Figures />}
      <ReplaceDialog dialog={question} onYes={() => void start()} />
    </section>
  );
}

const WORDS = {
  none: "Start from nothing",
  preparing: "Preparing…",
  running: "Pause",
  paused: "Go on",
  done: "Done",
  failed: "Start from nothing",
} as const;

function Figures(): JSX.Element {
  const last = recorded.value > 0 ? records.at(-1) : undefined;
  const { steps, stepsPerEpoch, batch } = plan.value!;
  const rate = imagesPerSecond.value;
  const left = rate && isBusy.value ? duration(((steps - step.value) * batch) / rate) : "–";
  const figures: readonly [string, string, string, string][] = [
    [
      "step",
      "Step",
      `${whole(step.value)} of ${whole(steps)}`,
      "How often both networks have learnt",
    ],
    [
      "epoch",
      "Epoch",
      `${whole(Math.ceil(step.value / stepsPerEpoch))} of ${whole(Math.ceil(steps / stepsPerEpoch))}`,
      "How often all images were seen",
    ],
    [
      "d-real",
      "D(real)",
      decimals(last?.dReal),
      "How real the discriminator finds real images: 1 is certain",
    ],
    [
      "d-fake",
      "D(fake)",
      decimals(last?.dFake),
      "How real the discriminator finds generated images: 1 is certain",
    ],
    ["rate", "Images/s", rate === undefined ? "–" : whole(rate), "How fast it learns here"],
    ["left", "Time left", left, "At this rate"],
  ];
  return (
    <dl class="figures">
      {figures.map(([id, name, value, help]) => (
        <div key={id} title={help}>
          <dt>{name}</dt>
          <dd id={id}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
