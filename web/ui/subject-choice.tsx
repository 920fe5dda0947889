// The choice between the network that ships with the page and the one in training.
import type { JSX } from "preact";
import type { Subject } from "../lab/bench.ts";
import { hasRun } from "../state/state.ts";
import { chosenSubject, subject } from "../state/subject.ts";
import "./choice.css";

const WORDS: Readonly<Record<Subject, string>> = {
  trained: "The trained network",
  run: "The one in training",
};

/** The choice. `name` keeps the radio buttons of two views apart. */
export function SubjectChoice({ name }: { readonly name: string }): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>Whose digits</legend>
      {(["trained", "run"] as const).map((each) => (
        <label key={each} class={each === "run" && !hasRun.value ? "faint" : ""}>
          <input
            type="radio"
            name={`${name}-subject`}
            value={each}
            checked={subject.value === each}
            disabled={each === "run" && !hasRun.value}
            onChange={() => (chosenSubject.value = each)}
          />
          {WORDS[each]}
        </label>
      ))}
      {!hasRun.value && <span class="faint">(start one first)</span>}
    </fieldset>
  );
}
