// What a visitor can do to the run, from whichever view.
import { wordsOf } from "../../src/web.ts";
import { check } from "../check/check.ts";
import { lab } from "./lab.ts";
import { runSettings } from "./link.ts";
import {
  adapter,
  clearRun,
  fail,
  failure,
  hasProblems,
  hasRun,
  refuse,
  runState,
  settings,
  tunedFor,
} from "./state.ts";

/** Does something and says what went wrong, if anything did. */
export async function attempt(action: () => Promise<unknown>): Promise<void> {
  if (adapter.value) failure.value = ""; // said of an earlier action
  try {
    await action();
  } catch (error) {
    fail(wordsOf(error, Infinity));
  }
}

let ownWords = ""; // what `keepUp` said last

/**
 * Does what the page does by itself, such as painting anew: what was said of the visitor's own action stays. While a run
 * is prepared, the device goes and with it what was asked for; it is asked again of the next one.
 */
export async function keepUp(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
    if (ownWords !== "" && failure.value === ownWords) failure.value = "";
  } catch (error) {
    if (runState.value === "preparing") return;
    ownWords = wordsOf(error, Infinity);
    fail(ownWords);
  }
}

/** Starts a run with the current settings. The one before is replaced: ask first (`replacesRun`). */
export async function start(paused = false): Promise<void> {
  if (hasProblems.value || runState.value === "preparing") return;
  if (check.value.is === "running") {
    fail("The GPU is being checked, and training would spoil its times: wait, or stop the check.");
    return;
  }
  const before = replacesRun() ? runState.value : "failed";
  runState.value = "preparing"; // the images may have to be loaded first
  failure.value = "";
  try {
    await lab.checkStart(settings.value, document.baseURI);
  } catch (error) {
    // The run may have ended meanwhile: the lab has said so.
    if (runState.peek() === "preparing") runState.value = before;
    refuse(wordsOf(error, Infinity));
    return;
  }
  clearRun();
  runState.value = "preparing";
  runSettings.value = settings.value;
  try {
    await lab.start(settings.value, {
      base: document.baseURI,
      tuned: tunedFor(adapter.value?.name ?? ""),
      paused,
    });
  } catch (error) {
    runState.value = "failed";
    refuse(wordsOf(error, Infinity));
  }
}

/** Whether a new run would throw away one that has learnt something. */
export const replacesRun = (): boolean => hasRun.value && runState.value !== "failed";

/** Goes on, or pauses. */
export const go = (): Promise<void> => attempt(() => lab.go());
export const pause = (): Promise<void> => attempt(() => lab.pause());
export const oneStep = (): Promise<void> => attempt(() => lab.step(1));
