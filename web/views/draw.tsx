// A digit drawn by hand: what the networks see of it, what they say, and how the generator would draw it.
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import {
  isSearching,
  leave,
  opinion,
  project,
  read,
  refusal,
  search,
  strokes,
  takeFound,
} from "../state/drawing.ts";
import { isReady, plan } from "../state/state.ts";
import { subject } from "../state/subject.ts";
import { DrawPad } from "../ui/draw-pad.tsx";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";
import { Plot, type Line, type Numbers } from "../ui/plot.tsx";
import { SubjectChoice } from "../ui/subject-choice.tsx";
import "./draw.css";

/** The view. */
export function Draw(): JSX.Element {
  // A new run has a new device: what was read on the old one is asked again.
  useEffect(() => {
    if (isReady.value) read();
  }, [isReady.value, subject.value, strokes.value, plan.value]);
  useEffect(() => () => void leave(), []);
  const isDrawn = strokes.value.length > 0;
  return (
    <>
      <section class="card" aria-labelledby="draw-title">
        <div class="draw-head">
          <h2 id="draw-title">Draw a digit</h2>
          <SubjectChoice name="draw" />
        </div>
        <div class="draw">
          <DrawPad id="paper" label="Draw a digit from 0 to 9 here" strokes={strokes} />
          <div class="said">
            <figure class="seen">
              <GpuCanvas name="seen" label="The drawing as the networks see it: 28×28 pixels" />
              <figcaption class="faint">
                What they see: 28×28 pixels, scaled to a box of 20 and centred by its ink, as
                MNIST’s digits were.
              </figcaption>
            </figure>
            <Judge />
            <Discriminator />
            {refusal.value !== "" && (
              <p id="draw-refusal" class="notice remark" role="status">
                {refusal.value}
              </p>
            )}
          </div>
        </div>
      </section>
      <section class="card" aria-labelledby="project-title">
        <h2 id="project-title">How would the generator draw it?</h2>
        <p class="faint">
          A search goes through latent space, downhill from several starts, for the latent from
          which the generator draws your digit best. The generator itself stays as it is.
        </p>
        <div class="buttons">
          <button
            id="project"
            type="button"
            class="primary"
            aria-disabled={!isDrawn}
            onClick={() => void project()}
          >
            {isSearching.value ? "Stop" : "Project"}
          </button>
          {search.value.length > 0 && (
            <button id="take-found" type="button" onClick={takeFound}>
              Take it in your hand
            </button>
          )}
        </div>
        <Search />
      </section>
    </>
  );
}

/** The judge's probability of each digit. */
function Judge(): JSX.Element {
  const probabilities = opinion.value?.probabilities;
  const most = probabilities ? Math.max(...probabilities) : Number.NaN;
  const digit = probabilities?.indexOf(most);
  return (
    <div class="draw-judge">
      <h3>The judge says</h3>
      <p id="judge-says" role="status">
        {digit === undefined
          ? "Nothing yet."
          : `It is a ${digit}, with ${(100 * most).toFixed(most > 0.995 ? 1 : 0)} %.`}
      </p>
      <ol class="odds" aria-label="The judge’s probability of each digit" start={0}>
        {Array.from({ length: 10 }, (_, each) => (
          <li key={each} class={each === digit ? "most" : ""}>
            <span class="which">{each}</span>
            <span class="bar">
              <span class="fill" style={{ width: `${100 * (probabilities?.[each] ?? 0)}%` }} />
            </span>
            <span class="number">
              {probabilities ? `${(100 * probabilities[each]!).toFixed(0)} %` : "–"}
            </span>
          </li>
        ))}
      </ol>
      {opinion.value && (
        <p class="faint">
          It gets {(100 * opinion.value.accuracy).toFixed(1)} % of MNIST’s test digits right.
        </p>
      )}
    </div>
  );
}

function Discriminator(): JSX.Element {
  const said = opinion.value;
  const digit = said?.probabilities.indexOf(Math.max(...said.probabilities));
  return (
    <div class="verdict">
      <h3>The discriminator says</h3>
      <p>
        <output id="d-says" class="large">
          {said ? said.real.toFixed(3) : "–"}
        </output>{" "}
        {said && (
          <span class="faint">
            is how real it finds this{said.isTold ? ` as a ${digit}` : ""}, where 1 is certainly
            real. Its own generator’s digits get {said.usual.toFixed(3)} on average.
          </span>
        )}
      </p>
    </div>
  );
}

const ERROR: readonly Line[] = [{ label: "error per pixel", colour: "--generator" }];

function Search(): JSX.Element | null {
  const numbers = useComputed((): Numbers => [
    search.value.map(({ step }) => step),
    search.value.map(({ error }) => error),
  ]);
  const last = search.value.at(-1);
  return (
    <div class={`search ${last || isSearching.value ? "" : "idle"}`}>
      <figure class="redrawn">
        <GpuCanvas
          name="redrawn"
          label="The digit as the generator draws it, from the best latent so far"
        />
        <figcaption>
          <p id="search-words" role="status">
            {last
              ? `Step ${last.step} of ${last.steps}: error ${last.error.toFixed(4)}${last.digit === undefined ? "" : `, as a ${last.digit}`}; |z| = ${last.norm.toFixed(1)}. Two digits by chance are ${last.apart.toFixed(2)} apart.`
              : "Preparing the search…"}
          </p>
        </figcaption>
      </figure>
      <Plot
        label={`The error per pixel over the search’s steps${last ? `; now ${last.error.toFixed(4)}` : ""}`}
        lines={ERROR}
        numbers={numbers.value}
      />
    </div>
  );
}
