// The curves of the run: both losses, and what the discriminator says.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { recorded, records } from "../state/state.ts";
import { Plot, type Line, type Numbers } from "../ui/plot.tsx";

const LOSSES: readonly Line[] = [
  { label: "discriminator", colour: "--discriminator" },
  { label: "generator", colour: "--generator" },
];
const VERDICTS: readonly Line[] = [
  { label: "D(real)", colour: "--real" },
  { label: "D(fake)", colour: "--fake" },
];
const SHARE = [0, 1] as const;
const MOST = 1500; // points that a plot shows: more than it has pixels

type Key = "lossD" | "lossG" | "dReal" | "dFake";

// Long runs are thinned by means of equal stretches, so that no step is left out.
function thinned(keys: readonly Key[]): Numbers {
  const every = Math.max(1, Math.ceil(records.length / MOST));
  const count = Math.ceil(records.length / every);
  const parts = Array.from({ length: count }, (_, i) => records.slice(i * every, (i + 1) * every));
  const lines = keys.map((key) =>
    parts.map((part) => part.reduce((sum, record) => sum + record[key], 0) / part.length),
  );
  return [parts.map((part) => part.at(-1)!.step), ...lines];
}

/** The curves. */
export function Curves(): JSX.Element {
  const losses = useComputed(() => (recorded.value, thinned(["lossD", "lossG"])));
  const verdicts = useComputed(() => (recorded.value, thinned(["dReal", "dFake"])));
  return (
    <div class="curves">
      <section class="card" aria-labelledby="losses-title">
        <h2 id="losses-title">Losses</h2>
        <Plot
          label={`Both losses over the steps; after step ${recorded.value} they are ${lastWords(losses.value)}`}
          lines={LOSSES}
          numbers={losses.value}
        />
      </section>
      <section class="card" aria-labelledby="verdicts-title">
        <h2 id="verdicts-title">What the discriminator says</h2>
        <Plot
          label={`D(real) and D(fake) over the steps; after step ${recorded.value} they are ${lastWords(verdicts.value)}`}
          lines={VERDICTS}
          numbers={verdicts.value}
          range={SHARE}
        />
      </section>
    </div>
  );
}

function lastWords([, ...lines]: Numbers): string {
  return lines.map((line) => line.at(-1)?.toFixed(2) ?? "not known yet").join(" and ");
}
