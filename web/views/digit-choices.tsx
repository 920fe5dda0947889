// Twenty digits to take in hand.
import type { JSX } from "preact";
import { CHOICES } from "../lab/choices.ts";
import { choice, take, takeFresh } from "../state/latent.ts";
import { GpuCanvas } from "../ui/gpu-canvas.tsx";

/** The digits, each a button. */
export function DigitChoices(): JSX.Element {
  const { seed, index, isFound } = choice.value;
  return (
    <>
      <div class="choices">
        <GpuCanvas name="choices" label="Twenty digits to choose from" />
        <div class="over" role="group" aria-label="Digits to take in hand">
          {Array.from({ length: CHOICES }, (_, each) => (
            <button
              key={each}
              type="button"
              aria-label={`Take digit ${each + 1} of ${CHOICES}`}
              aria-pressed={each === index && !isFound}
              onClick={() => {
                choice.value = { seed, index: each, isFound: false, digit: undefined };
                void take();
              }}
            />
          ))}
        </div>
      </div>
      <div class="buttons">
        <button
          id="other-choices"
          type="button"
          onClick={() => {
            choice.value = { seed: seed + 1, index: 0, isFound: false, digit: undefined };
            void takeFresh();
          }}
        >
          Twenty others
        </button>
      </div>
    </>
  );
}
