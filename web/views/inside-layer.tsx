// One layer: what it makes of the input, its filters, and how long its gradients are.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { chosen, layer, look, norms, real, subject } from "../state/inside.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";
import { Plot, type Line, type Numbers } from "../ui/plot.tsx";
import { decimals, whole } from "../ui/words.ts";
import { digits } from "./step-words.ts";

const COLOURS = ["--discriminator", "--generator", "--real", "--fake"] as const;

/** The panel of the chosen layer. */
export function LayerPanel(): JSX.Element {
  const facts = layer.value!;
  const isD = chosen.value.network === "discriminator";
  const shapes = Object.entries(facts.shapes);
  return (
    <section class="card layer-panel" aria-labelledby="layer-title">
      <h2 id="layer-title">
        {facts.kind}
        {facts.detail === "" ? "" : `, ${facts.detail}`}
      </h2>
      <p class="faint">
        {facts.inputShape.map(whole).join(" × ")} in, {facts.outputShape.map(whole).join(" × ")}{" "}
        out;{" "}
        {facts.parameters === 0
          ? "nothing to learn"
          : `${whole(facts.parameters)} learned values: ${shapes.map(([name, shape]) => `${name} ${shape.join(" × ")}`).join(", ")}`}
        .
      </p>
      <div class="looks">
        <figure class="look small">
          <figcaption>
            <h3>The network’s input</h3>
            <span class="faint">
              {isD
                ? `${real.value ? "a real digit" : "the drawn digit"}; D(x) = ${decimals(look.value?.verdict)}`
                : "a latent vector"}
            </span>
          </figcaption>
          <GpuCanvas name="inside-input" label="The input of the network" />
        </figure>
        <figure class="look">
          <figcaption>
            <h3>What the layer makes of it</h3>
            <span class="faint" id="look-output">
              {look.value ? `${look.value.output}; at most ${digits(look.value.peak)}` : "…"}
            </span>
          </figcaption>
          <GpuCanvas name="inside-output" label="The layer’s output, channel by channel" />
        </figure>
        <figure class="look" hidden={look.value?.filters === undefined}>
          <figcaption>
            <h3>Its weights</h3>
            <span class="faint">{look.value?.filters ?? ""}</span>
          </figcaption>
          <GpuCanvas name="inside-filters" label="The layer’s weights as images" />
        </figure>
      </div>
      {facts.parameters > 0 && <Norms />}
    </section>
  );
}

function Norms(): JSX.Element {
  const names = norms.value.lines.map(({ name }) => name).join();
  const lines = useMemo<readonly Line[]>(
    () =>
      (names === "" ? [] : names.split(",")).map((label, index) => ({
        label,
        colour: COLOURS[index % COLOURS.length]!,
      })),
    [names],
  );
  const numbers = useComputed<Numbers>(() => [
    norms.value.steps,
    ...norms.value.lines.map((line) => line.norms),
  ]);
  if (subject.value === "trained" || norms.value.steps.length === 0) {
    return (
      <p class="faint">
        {subject.value === "trained"
          ? "The trained network no longer learns: look at one in training to see how long its gradients are."
          : "How long the layer’s gradients are is plotted here as soon as it learns."}
      </p>
    );
  }
  return (
    <div class="norms">
      <h3>The norm of each gradient, over the steps</h3>
      <Plot
        key={names}
        label={`Norms of the layer’s gradients after ${norms.value.steps.length} reports; the last ones are ${norms.value.lines.map(({ name, norms: own }) => `${name} ${digits(own.at(-1))}`).join(", ")}`}
        lines={lines}
        numbers={numbers.value}
      />
    </div>
  );
}
