// Which network the views of latent space and of drawing look at.
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Subject } from "../lab/bench.ts";
import { hasRun, view } from "./state.ts";

/** What the visitor chose. */
export const chosenSubject: Signal<Subject> = signal("trained");

/** The network to look at: the one in training only if there is one, and not in Watch, whose ball is the trained one's. */
export const subject: ReadonlySignal<Subject> = computed(() =>
  chosenSubject.value === "run" && hasRun.value && view.value !== "watch" ? "run" : "trained",
);
