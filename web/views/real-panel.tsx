// Real digits, beside the drawn ones.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { wordsOf } from "../../src/web.ts";
import { lab } from "../state/lab.ts";
import { hearRenewals } from "../state/state.ts";
import { judgeFacts, judgeFailure } from "../state/verdicts.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";

/** The panel. */
export function RealPanel(): JSX.Element {
  useEffect(() => {
    const show = (): void => {
      lab.showReal().then(
        (facts) => (judgeFacts.value = facts),
        (error: unknown) => (judgeFailure.value = wordsOf(error, Infinity)),
      );
    };
    show();
    // A new run or a lost device leaves nothing of what was painted.
    return hearRenewals(show);
  }, []);
  return (
    <figure class="card picture">
      <figcaption>
        <h2>People wrote these</h2>
        <span class="faint">real digits, from MNIST</span>
      </figcaption>
      <GpuCanvas name="real" label="Fifty real digits: a column of each, from 0 to 9" />
    </figure>
  );
}
