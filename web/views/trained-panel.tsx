// The network that ships with the page: a digit of it in the visitor's hand, and fifty others.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { wordsOf } from "../../src/web.ts";
import type { TrainedFacts } from "../lab/trained.ts";
import { lab } from "../state/lab.ts";
import { takeAgain } from "../state/latent.ts";
import { adapter, hearRenewals } from "../state/state.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";
import { whole } from "../ui/words.ts";
import "./latent.css";
import { SpinButton, Trackball } from "./trackball.tsx";

/** The panel. */
export function TrainedPanel(): JSX.Element {
  const facts = useSignal<TrainedFacts | undefined>(undefined);
  const problem = useSignal("");
  const seed = useSignal(1);
  const isSpinning = useSignal(false);
  const show = (): void => {
    lab.showTrained(seed.value).then(
      (found) => (facts.value = found),
      (error: unknown) => (problem.value = wordsOf(error, Infinity)),
    );
  };
  useEffect(() => {
    show();
    return hearRenewals(show);
  }, []);
  useEffect(() => {
    if (facts.value && adapter.value) void takeAgain();
  }, [facts.value, adapter.value]);
  return (
    <figure class="card picture">
      <figcaption>
        <h2>It has learnt</h2>
        <span class="faint" id="trained-facts">
          {facts.value
            ? `recipe ${facts.value.recipe}, ${whole(facts.value.step)} steps`
            : problem.value || "loading…"}
        </span>
      </figcaption>
      <Trackball isSpinning={isSpinning} />
      <p id="ball-help" class="faint under">
        Turn it: drag it, or press the arrow keys. Each turn is another way to write.
      </p>
      <GpuCanvas
        name="trained"
        label="Fifty digits drawn by the trained network: a column of each, from 0 to 9"
      />
      <div class="buttons under">
        <SpinButton isSpinning={isSpinning} />
        <button
          id="others"
          type="button"
          onClick={() => {
            seed.value += 1;
            show();
          }}
        >
          Draw others
        </button>
      </div>
    </figure>
  );
}
