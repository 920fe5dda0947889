// The tab's title says what the run does, for those who look at another tab meanwhile.
import { effect } from "@preact/signals";
import { plan, runState, step } from "./state.ts";

const WORDS = {
  none: "",
  preparing: "preparing",
  running: "",
  paused: "paused",
  done: "done",
  failed: "stopped",
} as const;

/** Keeps the title up to date. */
export function followTitle(): void {
  effect(() => {
    const share = plan.value ? Math.floor((100 * step.value) / plan.value.steps) : 0;
    const word = runState.value === "running" ? `${share} %` : WORDS[runState.value];
    const title = word === "" ? "Longhand" : `${word} · Longhand`;
    if (document.title !== title) document.title = title;
  });
}
