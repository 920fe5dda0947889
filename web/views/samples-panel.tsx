// The digits of the network in training, and the timeline of those before.
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { lab } from "../state/lab.ts";
import { attempt, keepUp } from "../state/actions.ts";
import { frames, hasRun, plan, runState, step } from "../state/state.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";
import { whole } from "../ui/words.ts";

/** The panel. */
export function SamplesPanel(): JSX.Element {
  const shown = useSignal<number | undefined>(undefined); // an earlier step, while the visitor looks at it
  const show = (at: number | undefined): Promise<void> =>
    attempt(async () => {
      const wanted = at === undefined || at >= step.value ? undefined : at;
      shown.value = wanted;
      const found = await lab.showFrame(wanted);
      if (wanted !== undefined && shown.value === wanted) shown.value = found; // no other is wanted by now
    });
  const canLookBack = frames.value.count >= 2;
  const lookBack = (): void => {
    if (canLookBack && shown.value !== 0) void show(0);
  };
  const comeBack = (): void => {
    if (shown.value !== undefined) void show(undefined);
  };
  // The canvas is new whenever the view is opened, and another run has no such step. What it shows is the present.
  useEffect(() => {
    shown.value = undefined;
    if (hasRun.peek()) void keepUp(() => lab.showFrame(undefined));
  }, [plan.value]);
  const at = shown.value ?? step.value;
  const when = at === 0 ? "before the first step" : `after step ${whole(at)}`;
  const label = hasRun.value
    ? `Samples of the generator in training, ${when}`
    : "Samples of the generator in training: none yet";
  return (
    <figure class="card picture">
      <figcaption>
        <h2>It learns</h2>
        <span id="sample-step" class="faint">
          {hasRun.value ? when : "from noise fixed by the seed"}
        </span>
      </figcaption>
      <div class={`frame ${hasRun.value ? "" : "empty"}`}>
        <GpuCanvas name="samples" label={label} />
        {!hasRun.value && runState.value !== "preparing" && (
          <p class="invitation">
            Press <strong>Start from nothing</strong>: two networks that know nothing begin to
            learn, one to write digits, the other to tell them from real ones.
          </p>
        )}
      </div>
      <label class="timeline">
        <span>Timeline</span>
        <input
          id="timeline"
          type="range"
          min="0"
          max={frames.value.last}
          value={at}
          disabled={!canLookBack}
          aria-valuetext={when}
          onInput={(event) => void show(Number(event.currentTarget.value))}
        />
        <button
          type="button"
          aria-disabled={!canLookBack}
          onPointerDown={lookBack}
          onPointerUp={comeBack}
          onPointerLeave={comeBack}
          onKeyDown={(event) => [" ", "Enter"].includes(event.key) && lookBack()}
          onKeyUp={comeBack}
          onBlur={comeBack}
        >
          Hold to see the beginning
        </button>
      </label>
    </figure>
  );
}
