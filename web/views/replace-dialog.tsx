// The question before a network that has learnt is replaced by one that knows nothing.
import type { JSX, RefObject } from "preact";
import { useId } from "preact/hooks";
import { keepTrouble } from "../state/kept.ts";
import { step } from "../state/state.ts";
import { whole } from "../ui/words.ts";

/** The dialog, closed; `showModal` of `dialog` asks. `onYes` is called if the visitor wants to start anew. */
export function ReplaceDialog({
  dialog,
  onYes,
}: {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly onYes: () => void;
}): JSX.Element {
  const title = useId();
  return (
    <dialog ref={dialog} aria-labelledby={title}>
      <h2 id={title}>Start anew?</h2>
      <p>
        The network that has learnt for {whole(step.value)} {step.value === 1 ? "step" : "steps"}{" "}
        will be replaced by one that knows nothing.{" "}
        {keepTrouble.value === ""
          ? "It stays kept in this browser: “Keep” lists it."
          : `It will be lost: ${keepTrouble.value}`}
      </p>
      <form method="dialog" class="buttons">
        <button type="submit">Go on with it</button>
        <button type="submit" class="primary" onClick={onYes}>
          Start anew
        </button>
      </form>
    </dialog>
  );
}
