// The latent space under one's hand: a digit to turn, those around it, where the directions come from, and a walk.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import {
  choice,
  directions,
  facts,
  isSettled,
  rate,
  redraw,
  rotation,
  stretch,
  take,
  takeFresh,
  turn,
} from "../state/latent.ts";
import { isReady, plan, recorded } from "../state/state.ts";
import { subject } from "../state/subject.ts";
import { MIDDLE } from "../state/turning.ts";
import "../ui/choice.css";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";
import { SubjectChoice } from "../ui/subject-choice.tsx";
import { DigitChoices } from "./digit-choices.tsx";
import "./latent.css";
import { SpinButton, Trackball } from "./trackball.tsx";
import { Walk } from "./walk.tsx";

/** The view. */
export function Latent(): JSX.Element {
  // A run has a new device and new networks: what was in hand on the old one is taken again.
  useEffect(() => {
    if (isReady.value) void takeFresh();
  }, [isReady.value, subject.value, plan.value]);
  // While it learns, the same latents draw other digits.
  useSignalEffect(() => {
    if (recorded.value > 0 && subject.value === "run") redraw();
  });
  return (
    <>
      <section class="card" aria-labelledby="hand-title">
        <div class="hand-head">
          <h2 id="hand-title">In your hand</h2>
          <SubjectChoice name="latent" />
        </div>
        <div class="hand">
          <Hand />
          <figure class="around">
            <GpuCanvas name="around" label="The digits around the one in your hand" />
            <figcaption class="faint">
              Around it: each step to the side is a turn of 22.5° about the ball’s upright or level
              axis.
            </figcaption>
          </figure>
        </div>
      </section>
      <section class="card" aria-labelledby="choices-title">
        <h2 id="choices-title">Take another one</h2>
        <DigitChoices />
      </section>
      <section class="card" aria-labelledby="walk-title">
        <h2 id="walk-title">Walk from one to another</h2>
        <Walk />
      </section>
    </>
  );
}

function Hand(): JSX.Element {
  const isSpinning = useSignal(false);
  return (
    <div class="hand-ball">
      <Trackball isSpinning={isSpinning} />
      <p id="ball-help" class="faint">
        Drag it; along the rim it rolls. Arrow keys turn it, with Shift they roll it, Home goes back
        to the middle.
      </p>
      <div class="buttons">
        <SpinButton isSpinning={isSpinning} />
        <button id="back" type="button" onClick={() => turn(MIDDLE)}>
          Back to the middle
        </button>
        <output id="turn-rate" class="faint">
          {rate.value === undefined ? "" : `${Math.round(rate.value)} digits a second`}
        </output>
      </div>
      <Parts />
      <ClassChoice />
      <label class="stretch">
        <span>Distance from the middle of latent space</span>
        <input
          id="stretch"
          type="range"
          min="0"
          max="2"
          step="0.05"
          value={stretch.value}
          aria-valuetext={distanceWords()}
          onInput={(event) => {
            stretch.value = Number(event.currentTarget.value);
            redraw();
          }}
        />
        <output>{distanceWords()}</output>
      </label>
      <DirectionChoice />
    </div>
  );
}

const distanceWords = (): string =>
  facts.value
    ? `${(stretch.value * facts.value.norm).toFixed(1)}, where most are near ${Math.sqrt(facts.value.latent).toFixed(1)}`
    : "–";

/** How much of the latent lies along the one taken in hand, and along each direction. */
function Parts(): JSX.Element {
  const [x, y, z, w] = rotation.value;
  const parts: readonly (readonly [string, number])[] = [
    ["as it was", w],
    ["direction 1", x],
    ["direction 2", y],
    ["direction 3", z],
  ];
  return (
    <dl id="latent-parts" class="along" aria-busy={!isSettled.value}>
      {parts.map(([name, part], i) => (
        <div key={name} class={i === 0 ? "" : `axis-${i}`}>
          <dt>{name}</dt>
          <dd>
            <span class="bar">
              <span
                class="fill"
                style={{
                  left: `${50 + Math.min(0, part) * 50}%`,
                  width: `${Math.abs(part) * 50}%`,
                }}
              />
            </span>
            <span class="number">{part.toFixed(2)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Which class the digit in hand is drawn as, for networks that are told. */
function ClassChoice(): JSX.Element | null {
  const { classes = 0, digit } = facts.value ?? {};
  if (classes === 0) return null;
  return (
    <fieldset class="choice" id="digit-choice">
      <legend>The same latent as a</legend>
      {Array.from({ length: classes }, (_, each) => (
        <label key={each}>
          <input
            type="radio"
            name="latent-digit"
            value={each}
            checked={digit === each}
            onChange={() => {
              choice.value = { ...choice.value, digit: each };
              void take(true);
            }}
          />
          {each}
        </label>
      ))}
    </fieldset>
  );
}

function DirectionChoice(): JSX.Element {
  const { value } = directions;
  const choose = (next: typeof value): void => {
    directions.value = next;
    void take();
  };
  const { shares, latent = 100 } = facts.value ?? {};
  const from = value.kind === "found" ? value.from : 0;
  return (
    <fieldset class="choice" id="directions">
      <legend>Directions</legend>
      <label>
        <input
          type="radio"
          name="directions"
          checked={value.kind === "found"}
          onChange={() => choose({ kind: "found", from: 0 })}
        />
        found in the generator
      </label>
      <label>
        <input
          type="radio"
          name="directions"
          checked={value.kind === "shuffled"}
          onChange={() => choose({ kind: "shuffled", seed: 1 })}
        />
        by chance
      </label>
      <button
        id="next-directions"
        type="button"
        onClick={() =>
          choose(
            value.kind === "found"
              ? { kind: "found", from: from + 7 > latent ? 0 : from + 3 }
              : { kind: "shuffled", seed: value.seed + 1 },
          )
        }
      >
        {value.kind === "found" ? "The next three" : "Shuffle"}
      </button>
      <span class="faint" id="directions-words">
        {value.kind === "found"
          ? `Principal directions ${from + 1} to ${from + 3} of the first layer${shares ? `, with ${shares.map((share) => `${(100 * share).toFixed(1)} %`).join(", ")} of its weight` : ""}.`
          : `Three directions at right angles, drawn from seed ${value.seed}.`}
      </span>
    </fieldset>
  );
}
