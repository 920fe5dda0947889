// The networks, layer by layer: what each layer makes of an input, its filters, its gradients, and the kernels that run it.
import type { JSX } from "preact";
import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import {
  askKernels,
  chosen,
  layer,
  lookAt,
  networks,
  openInside,
  real,
  refresh,
  seed,
  subject,
} from "../state/inside.ts";
import { adapter, hasRun, runState, step } from "../state/state.ts";
import { LayerPanel } from "./inside-layer.tsx";
import { KernelsPanel } from "./inside-kernels.tsx";
import { ModelPicture } from "./inside-model.tsx";
import { Timeline } from "./inside-timeline.tsx";
import "./inside.css";

/** The view. */
export function Inside(): JSX.Element {
  useEffect(() => {
    if (adapter.value) void openInside().then(askKernels);
  }, [adapter.value, runState.value === "preparing", networks.value === undefined]);
  // The pictures follow the choice, and the weights while they change.
  useSignalEffect(() => {
    void [chosen.value, seed.value, real.value, networks.value];
    if (subject.value === "run") void step.value;
    void refresh();
  });
  return (
    <>
      <section class="card" aria-labelledby="model-title">
        <h2 id="model-title">Two networks, layer by layer</h2>
        <Choices />
        {networks.value ? (
          <ModelPicture facts={networks.value} />
        ) : (
          <p class="faint">
            {runState.value === "preparing"
              ? "Two new networks are being prepared…"
              : "Looking for the networks…"}
          </p>
        )}
      </section>
      {networks.value && layer.value && (
        <>
          <LayerPanel />
          <KernelsPanel />
          <Timeline />
        </>
      )}
    </>
  );
}

/** Which networks, and which input. */
function Choices(): JSX.Element {
  return (
    <div class="inside-choices">
      <fieldset class="choice">
        <legend>Look at</legend>
        {(
          [
            ["trained", "the trained networks"],
            ["run", "those in training"],
          ] as const
        ).map(([what, label]) => (
          <label key={what}>
            <input
              type="radio"
              name="subject"
              value={what}
              checked={subject.value === what}
              disabled={what === "run" && !hasRun.value}
              onChange={() => void lookAt(what).then(askKernels)}
            />
            {label}
          </label>
        ))}
      </fieldset>
      <fieldset class="choice">
        <legend>The discriminator sees</legend>
        {(
          [
            [false, "the drawn digit"],
            [true, "a real one"],
          ] as const
        ).map(([isReal, label]) => (
          <label key={label}>
            <input
              type="radio"
              name="sees"
              checked={real.value === isReal}
              disabled={isReal && !networks.value?.hasReal}
              onChange={() => (real.value = isReal)}
            />
            {label}
          </label>
        ))}
      </fieldset>
      <button id="another" type="button" onClick={() => (seed.value += 1)}>
        Another input
      </button>
    </div>
  );
}
