// What a network will see of the visitor's images, how they are turned, and the button that trains on them.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { replacesRun } from "../state/actions.ts";
import {
  forget,
  invert,
  obstacle,
  ownFacts,
  preview,
  trainOnThem,
  transpose,
  useServed,
} from "../state/images.ts";
import { plan, runState, settings } from "../state/state.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";
import { whole } from "../ui/words.ts";
import { ReplaceDialog } from "./replace-dialog.tsx";
import "../ui/choice.css";

/** The preview, and what can be done with the images. */
export function Preview(): JSX.Element {
  const question = useRef<HTMLDialogElement>(null);
  const { count, inUse } = ownFacts.value;
  const why = obstacle();
  // The canvas is new whenever the view is opened, and a new run has a new device.
  useEffect(() => {
    if (ownFacts.value.count > 0 && runState.value !== "preparing") void preview();
  }, [plan.value]);
  const choose = (change: () => void): void => {
    change();
    void preview();
  };
  return (
    <>
      <div class={count === 0 ? "preview empty" : "preview"}>
        <GpuCanvas name="preview" label="The first of your images, as the network will see them" />
        <p class="faint">
          {count === 0
            ? "Nothing yet."
            : "28×28 grey pixels: the whole picture, its sides in proportion, in the middle of the grey around it. Ink shows as it does in all pictures of this page."}
        </p>
      </div>
      <fieldset class="choice">
        <legend>Ink is</legend>
        {(["auto", "never", "always"] as const).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="invert"
              value={each}
              checked={invert.value === each}
              onChange={() => choose(() => (invert.value = each))}
            />
            {INVERT_WORDS[each]}
          </label>
        ))}
      </fieldset>
      <label class="tick">
        <input
          id="transpose"
          type="checkbox"
          checked={transpose.value}
          onChange={() => choose(() => (transpose.value = !transpose.value))}
        />
        Exchange rows and columns (EMNIST’s images are stored so)
      </label>
      <div class="buttons">
        <button
          id="train-own"
          type="button"
          class="primary"
          aria-disabled={why !== ""}
          aria-describedby="own-words"
          onClick={() => {
            if (why !== "") return;
            if (replacesRun()) question.current!.showModal();
            else void trainOnThem();
          }}
        >
          Train on these
        </button>
        {inUse !== undefined && (
          <button id="use-served" type="button" onClick={() => void useServed()}>
            Train on MNIST again
          </button>
        )}
        <button
          id="forget"
          type="button"
          aria-disabled={count === 0}
          onClick={() => count > 0 && void forget()}
        >
          Forget them
        </button>
      </div>
      <p id="own-words" class="faint">
        {count > 0 && why !== "" ? why : useWords()}
      </p>
      <ReplaceDialog dialog={question} onYes={() => void trainOnThem()} />
    </>
  );
}

const INVERT_WORDS = {
  auto: "found out, picture by picture",
  never: "what is light",
  always: "what is dark",
} as const;

function useWords(): string {
  const { inUse } = ownFacts.value;
  const images = inUse === undefined ? "MNIST’s images" : `your ${whole(inUse)} images`;
  return `The next run, of recipe ${settings.value.recipe}, trains on ${images}${inUse === undefined ? " until you say otherwise" : ""}. Few images are repeated until they fill a batch.`;
}
