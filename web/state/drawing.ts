// The digit that the visitor draws, what the networks say of it, and the search for the latent that draws it again.
import { signal, type Signal } from "@preact/signals";
import { proxy } from "comlink";
import { wordsOf, type Stroke } from "../../src/web.ts";
import type { Opinion, SearchProgress } from "../lab/draw.ts";
import { attempt } from "./actions.ts";
import { lab } from "./lab.ts";
import { choice, rotation } from "./latent.ts";
import { adapter, view } from "./state.ts";
import { subject } from "./subject.ts";
import { MIDDLE } from "./turning.ts";

/** What is on the paper. */
export const strokes: Signal<readonly Stroke[]> = signal([]);
/** What the networks say of it; undefined if nothing is drawn. */
export const opinion: Signal<Opinion | undefined> = signal(undefined);
/** Why they say nothing, in a sentence; empty if they do. */
export const refusal: Signal<string> = signal("");
/** The search's reports so far. */
export const search: Signal<readonly SearchProgress[]> = signal([]);
export const isSearching: Signal<boolean> = signal(false);

let isDue = false;
let isReading = false;

/** Asks the networks about the drawing: again and again while it grows, one question at a time. */
export function read(): void {
  isDue = true;
  if (isReading) return;
  isReading = true;
  void (async () => {
    try {
      while (isDue) {
        isDue = false;
        if (strokes.value.length === 0) {
          opinion.value = undefined;
          refusal.value = "";
          continue;
        }
        try {
          opinion.value = await lab.readDrawing(subject.value, strokes.value);
          refusal.value = "";
        } catch (error) {
          opinion.value = undefined;
          refusal.value = wordsOf(error, Infinity);
        }
      }
    } finally {
      isReading = false;
    }
  })();
}

const STEPS = { hardware: 300, software: 60 };

/** Searches for the latent that draws the drawing again; stops the search that is under way. */
export async function project(): Promise<void> {
  if (isSearching.value) {
    await attempt(() => lab.stopProjection());
    return;
  }
  if (strokes.value.length === 0) return;
  isSearching.value = true;
  search.value = [];
  const steps = adapter.value?.software ? STEPS.software : STEPS.hardware;
  const heard = proxy((progress: SearchProgress) => {
    search.value = [...search.value, progress];
  });
  await attempt(() => lab.projectDrawing(subject.value, strokes.value, steps, heard));
  isSearching.value = false;
}

/** Takes what the search found in hand, in the view of latent space. */
export function takeFound(): void {
  choice.value = { ...choice.value, isFound: true, digit: undefined };
  rotation.value = MIDDLE;
  view.value = "latent";
}

/** Ends the search and forgets it: its canvas goes with the view. */
export async function leave(): Promise<void> {
  if (isSearching.value) await attempt(() => lab.stopProjection());
  search.value = [];
}
