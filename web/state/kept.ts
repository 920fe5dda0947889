// What this browser keeps of runs, and what a visitor can do with it.
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { wordsOf } from "../../src/web.ts";
import type { KeptEvent } from "../lab/events.ts";
import type { Dropped } from "../lab/images.ts";
import type { KeptFacts, Resumed, TakenFile } from "../lab/kept-facts.ts";
import { download } from "../ui/words.ts";
import { attempt, keepUp } from "./actions.ts";
import { lab } from "./lab.ts";
import { runSettings } from "./link.ts";
import { autostart, changeSettings, hearEvents, remark, runState, store, stored } from "./state.ts";

/** The runs that are kept, the last one first; undefined until they are known. */
export const keptRuns: Signal<readonly KeptFacts[] | undefined> = signal(undefined);
/** The run in training as it is kept; undefined while nothing of it is. */
export const kept: Signal<KeptEvent | undefined> = signal(undefined);
/** Why nothing, or not the newest, is kept; empty if nothing is wrong. */
export const keepTrouble: Signal<string> = signal("");
/** What is being done with a kept run, in a few words; empty if nothing is. */
export const keepBusy: Signal<string> = signal("");
/** What this page's files take, and what it may take, in bytes. */
export const storage: Signal<{ readonly used: number; readonly most: number } | undefined> =
  signal(undefined);
/** Whether the browser promised to keep the files even when space runs short. */
export const persisted: Signal<boolean> = signal(false);

const dismissed = signal(autostart);
const OFFERED = "longhand offers";
/**
 * The run that the page offers to go on with when it is opened. Until the list is known, it is the one that was there
 * the last time, so that the offer moves nothing when it comes.
 */
export const offer: ReadonlySignal<KeptFacts | undefined> = computed(() => {
  if (dismissed.value || runState.value !== "none") return undefined;
  return keptRuns.value ? firstOf(keptRuns.value) : offeredBefore;
});

const firstOf = (runs: readonly KeptFacts[]): KeptFacts | undefined =>
  runs.find(({ isOpen, step }) => !isOpen && step > 0);

const offeredBefore = offerIn(stored(OFFERED));

/** Reads an offer that was stored; undefined if there is none, or if the text isn't the page's. */
function offerIn(text: string | undefined): KeptFacts | undefined {
  try {
    const { id, recipe, seed, batch, step, stepsPerEpoch, saved } = JSON.parse(text ?? "{}");
    const isWhole = [seed, batch, step, stepsPerEpoch, saved].every(Number.isFinite);
    if (!isWhole || typeof id !== "string" || typeof recipe !== "string") return undefined;
    return { id, recipe, seed, batch, step, stepsPerEpoch, saved, isOpen: false };
  } catch {
    return undefined;
  }
}

/** Reads the list of kept runs again. */
export async function listKept(): Promise<void> {
  try {
    keptRuns.value = await lab.keptRuns();
    // After a reload nothing is open here.
    const closed = keptRuns.value.map((run) =>
      run.id === kept.value?.id ? { ...run, isOpen: false } : run,
    );
    store(OFFERED, JSON.stringify(firstOf(closed) ?? {}));
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    storage.value = { used: usage, most: quota };
    persisted.value = await navigator.storage.persisted();
  } catch (error) {
    keptRuns.value ??= [];
    keepTrouble.value = `Nothing can be kept here: ${wordsOf(error, Infinity)}.`;
  }
}

/** Asks the browser not to delete the page's files when space runs short. */
export async function persist(): Promise<void> {
  persisted.value = await navigator.storage.persist().catch(() => false);
}

/** Follows what the lab keeps, and has it save when the tab is hidden. Call once. */
export function followKeeping(): void {
  hearEvents((event) => {
    if (event.type === "kept") {
      if (kept.value === undefined) void persist();
      kept.value = event;
      keepTrouble.value = "";
      void listKept();
    } else if (event.type === "unkept") {
      keepTrouble.value = event.text;
    } else if (event.type === "plan" && (event.from === 0 || isOther)) {
      kept.value = undefined;
      isOther = false;
      keepTrouble.value = "";
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void keepUp(() => lab.keepNow());
  });
  // The offer is made once.
  effect(() => {
    if (runState.value !== "none") dismissed.value = true;
  });
  void listKept();
}

/** Whether the next plan is of another run, although it goes on after a step. */
let isOther = false;

/** Does something with a kept run, and says what went wrong, if anything did. */
async function busy(words: string, action: () => Promise<unknown>): Promise<void> {
  if (keepBusy.value !== "") return;
  keepBusy.value = words;
  await attempt(action);
  keepBusy.value = "";
  isOther = false;
  void listKept();
}

function resumed({ settings: own, notes }: Resumed): void {
  changeSettings(own);
  runSettings.value = own;
  remark.value = notes.join(" ");
}

/** Goes on with a kept run. */
export const resume = (id: string): Promise<void> =>
  busy("Reading the run…", async () => {
    const before = keptRuns.value?.find((run) => run.id === id);
    isOther = true;
    resumed(await lab.resume(id, document.baseURI));
    if (before) kept.value ??= { type: "kept", id, step: before.step, saved: before.saved };
  });

/** Goes on with a run whose folder or .zip was dropped. */
export const adopt = (files: readonly Dropped[]): Promise<void> =>
  busy("Reading the run…", async () => {
    isOther = true;
    resumed(await lab.adopt(files, document.baseURI));
  });

/** Deletes a kept run. */
export const forget = (id: string): Promise<void> => busy("Deleting…", () => lab.forget(id));

/** Downloads what the lab makes. */
export const take = (words: string, make: () => Promise<TakenFile>): Promise<void> =>
  busy(words, async () => {
    const { name, type, bytes } = await make();
    download(name, type, [bytes]);
  });

/** Downloads a run's folder as a .zip: without an `id`, that of the run in training. */
export const takeRun = (id?: string): Promise<void> =>
  take("Packing the run…", () => lab.runZip(id));

/** Hides the offer. */
export function dismissOffer(): void {
  dismissed.value = true;
}
