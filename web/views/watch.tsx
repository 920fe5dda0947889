// The first view: the digits that a trained network draws, those of the network in training, and its curves.
import type { JSX } from "preact";
import { pausesHidden } from "../state/hidden.ts";
import { Curves } from "./curves.tsx";
import { JudgePanel } from "./judge-panel.tsx";
import { RealPanel } from "./real-panel.tsx";
import { SamplesPanel } from "./samples-panel.tsx";
import { SettingsForm } from "./settings-form.tsx";
import { TrainedPanel } from "./trained-panel.tsx";

/** The view. */
export function Watch(): JSX.Element {
  return (
    <>
      <div class="stage">
        <TrainedPanel />
        <SamplesPanel />
      </div>
      <Curves />
      <div class="judged">
        <JudgePanel />
        <RealPanel />
      </div>
      <section class="card" aria-labelledby="settings-title">
        <h2 id="settings-title">Settings of the next run</h2>
        <SettingsForm />
        <label class="switch">
          <input
            id="pause-hidden"
            type="checkbox"
            checked={pausesHidden.value}
            onChange={(event) => (pausesHidden.value = event.currentTarget.checked)}
          />
          Pause while this tab is hidden
        </label>
      </section>
    </>
  );
}
