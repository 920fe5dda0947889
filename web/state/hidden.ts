// A run in a hidden tab: it goes on, unless the visitor wants it to pause there.
import { effect, signal, type Signal } from "@preact/signals";
import { go, pause } from "./actions.ts";
import { runState, store, stored } from "./state.ts";

const KEY = "longhand pause hidden";

/** Whether the run pauses while the tab is hidden. The browser remembers it. */
export const pausesHidden: Signal<boolean> = signal(stored(KEY) === "yes");

/** Pauses the run when the tab is hidden, if asked to, and goes on when it is shown again. Call once. */
export function followHiding(): void {
  effect(() => store(KEY, pausesHidden.value ? "yes" : "no"));
  let waits = false; // whether the run was paused by hiding, and not by hand
  document.addEventListener("visibilitychange", () => {
    const isHidden = document.visibilityState === "hidden";
    if (isHidden && pausesHidden.value && runState.value === "running") {
      waits = true;
      void pause();
    } else if (!isHidden && waits) {
      waits = false;
      void go();
    }
  });
}
