// A step in slow motion: both networks and what passes between them, part by part, with the numbers of the step itself.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { start } from "../state/actions.ts";
import {
  askParts,
  facts,
  forgetStep,
  latest,
  learner,
  leaveStep,
  letLearn,
  manySteps,
  nextPart,
  pace,
  play,
  playing,
  reports,
  wholeStep,
  working,
  type Learner,
} from "../state/slow.ts";
import { hasRun, isReady, runState } from "../state/state.ts";
import { keepFocus } from "../ui/focus.ts";
import { whole } from "../ui/words.ts";
import { StepDiagram } from "./step-diagram.tsx";
import { found, PART_WORDS } from "./step-words.ts";
import "../ui/choice.css";
import "./step.css";

/** The view. */
export function SlowStep(): JSX.Element {
  useEffect(() => {
    if (hasRun.value) void askParts();
    else forgetStep();
  }, [hasRun.value]);
  useEffect(() => () => void leaveStep(), []);
  return (
    <section class="card slow" aria-labelledby="slow-title">
      <h2 id="slow-title">One step, taken apart</h2>
      {hasRun.value ? <Workbench /> : <Invitation />}
    </section>
  );
}

function Invitation(): JSX.Element {
  return (
    <div class="slow-invitation">
      <p>
        A training step launches some forty kernels in a few milliseconds. Here they run one part
        after another, and stop in between, so that you see what each one found.
      </p>
      <button
        id="slow-start"
        type="button"
        class="primary"
        aria-disabled={!isReady.value}
        onClick={() => {
          if (isReady.value) void start(true);
        }}
      >
        {runState.value === "preparing" ? "Preparing two networks…" : "Take two new networks"}
      </button>
    </div>
  );
}

function Workbench(): JSX.Element {
  useEffect(() => keepFocus("#next-part"), []); // the invitation's button is gone
  return (
    <>
      <Who />
      <Controls />
      <Caption />
      <Parts />
      <StepDiagram />
    </>
  );
}

const MANY = 100;
const WHO: readonly [Learner, string][] = [
  ["both", "Both"],
  ["discriminator", "D only"],
  ["generator", "G only"],
];

function Who(): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>Who learns, here and in the run</legend>
      {WHO.map(([who, label]) => (
        <label key={who}>
          <input
            type="radio"
            name="learner"
            value={who}
            checked={learner.value === who}
            disabled={working.value && !playing.value}
            onChange={() => void letLearn(who)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

function Controls(): JSX.Element {
  const waits = working.value;
  const rest = latest.value !== undefined && !latest.value.done;
  return (
    <div class="slow-controls">
      <div class="buttons">
        <button
          id="next-part"
          type="button"
          class="primary"
          aria-disabled={waits || playing.value}
          onClick={() => {
            if (!playing.value) void nextPart();
          }}
        >
          Next part
        </button>
        <button
          id="whole-step"
          type="button"
          aria-disabled={waits}
          onClick={() => void wholeStep()}
        >
          {rest ? "Rest of the step" : "A whole step"}
        </button>
        <button
          id="play-slowly"
          type="button"
          aria-pressed={playing.value}
          onClick={() => void play()}
        >
          Play slowly
        </button>
        <button
          id="many-steps"
          type="button"
          aria-disabled={waits}
          onClick={() => void manySteps(MANY)}
        >
          {MANY} steps at full speed
        </button>
      </div>
      <label class="pace">
        <span>Seconds per part</span>
        <input
          type="range"
          min="0.2"
          max="4"
          step="0.2"
          value={pace.value}
          aria-valuetext={`${pace.value} seconds`}
          onInput={(event) => (pace.value = Number(event.currentTarget.value))}
        />
      </label>
    </div>
  );
}

/** What the last part did. It is read out, as the diagram can't be. */
function Caption(): JSX.Element {
  const last = latest.value;
  const total = facts.value?.parts.length ?? 0;
  return (
    <div id="part-caption" class="caption" aria-live="polite">
      {last ? (
        <>
          <h3>
            {PART_WORDS[last.part].title}{" "}
            <span class="faint">
              part {last.at + 1} of {total}, step {whole(last.step)}
            </span>
          </h3>
          <p>
            {PART_WORDS[last.part].says} <strong>{found(last)}</strong>
          </p>
        </>
      ) : (
        <p class="faint">
          {facts.value
            ? `A step of these networks has ${total} parts, on ${whole(facts.value.batch)} real images and as many drawn ones. Nothing of it has run yet.`
            : "Compiling the parts of a step…"}
        </p>
      )}
    </div>
  );
}

/** The parts in the order in which they run. */
function Parts(): JSX.Element {
  const parts = facts.value?.parts ?? [];
  const at = latest.value?.at ?? -1;
  return (
    <ol class="parts" aria-label="The parts of a step, in order">
      {parts.map(({ part, launches }, index) => (
        <li
          key={index}
          data-part={part}
          class={index === at ? "lit" : index < reports.value.length ? "past" : ""}
          aria-current={index === at ? "step" : undefined}
          title={launches.join(", ")}
        >
          <span class="part-name">{PART_WORDS[part].title}</span>
          <span class="faint">
            {launches.length} {launches.length === 1 ? "kernel" : "kernels"}
          </span>
        </li>
      ))}
    </ol>
  );
}
