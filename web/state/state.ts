// The page's state, in one place: what the adapter is, what the run does, and what the visitor chose.
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { StepRecord } from "../../src/gan.ts";
import { wordsOf } from "../../src/web.ts";
import type { AdapterFacts, LabEvent, PlanEvent, RunState } from "../lab/events.ts";
import { lab, listen, onBroken } from "./lab.ts";
import {
  readSettings,
  withLabel,
  writeSettings,
  type Problems,
  type Settings,
} from "./settings.ts";

/** The views of the page, by their names in the address. */
export const VIEWS = [
  "watch",
  "step",
  "latent",
  "draw",
  "inside",
  "images",
  "keep",
  "gpu",
] as const;
export type View = (typeof VIEWS)[number];

const address = new URLSearchParams(location.search);
const read = readSettings(address);
/** Whether the address asks for a run to be started at once. */
export const autostart: boolean = address.get("autostart") === "1";
/** Returns the view of a name in the address; the first one if there is no such view. */
export const viewIn = (name: string | null): View => VIEWS.find((view) => view === name) ?? "watch";

/** The adapter; undefined while it is being looked for, or if there is none. */
export const adapter: Signal<AdapterFacts | undefined> = signal(undefined);
/** Why nothing can run here, or why the last thing failed, in a sentence; empty if nothing is wrong. */
export const failure: Signal<string> = signal("");
/** Something to know that is no failure, such as a device that was lost and opened again. */
export const remark: Signal<string> = signal("");
/** The view that is shown. */
export const view: Signal<View> = signal(viewIn(address.get("view")));
/** The settings of the next run. */
export const settings: Signal<Settings> = signal(
  read.settings ?? readSettings(new URLSearchParams()).settings!,
);
/** What is wrong with the form's or the address's settings, by field. */
export const problems: Signal<Problems> = signal(read.problems ?? {});
/** What was wrong with the settings of the last start, in a sentence, by field: it can be tried again. */
export const refused: Signal<Problems> = signal({});
/** What the run does, in a word and in a sentence. */
export const runState: Signal<RunState> = signal("none");
export const phase: Signal<string> = signal("");
/** The run as it will be; undefined before the first. */
export const plan: Signal<PlanEvent | undefined> = signal(undefined);
/** Steps done. */
export const step: Signal<number> = signal(0);
export const imagesPerSecond: Signal<number | undefined> = signal(undefined);
/** The record of every step. It grows in place; `recorded` counts it. */
export const records: StepRecord[] = [];
export const recorded: Signal<number> = signal(0);
/** How many frames the timeline has, and the step of the newest. */
export const frames: Signal<{ readonly count: number; readonly last: number }> = signal({
  count: 0,
  last: 0,
});
/** What is being loaded, and how much of it has come. */
export const loading: Signal<{ what: string; done: number; total: number } | undefined> =
  signal(undefined);

/** Whether a run exists. */
export const hasRun: ReadonlySignal<boolean> = computed(
  () => plan.value !== undefined && runState.value !== "preparing",
);
/** Whether there is a device to work with: a new run gets a new one. */
export const isReady: ReadonlySignal<boolean> = computed(
  () => adapter.value !== undefined && runState.value !== "preparing",
);
/** Whether something is wrong with the form's or the address's settings. */
export const hasProblems: ReadonlySignal<boolean> = computed(
  () => Object.keys(problems.value).length > 0,
);
/** Whether the run occupies the device. */
export const isBusy: ReadonlySignal<boolean> = computed(
  () => runState.value === "running" || runState.value === "preparing",
);

/** Functions that hear of every event besides the state itself. */
const hearers = new Set<(event: LabEvent) => void>();

/** Calls `hearer` with every event of the lab. Returns a function that ends it. */
export function hearEvents(hearer: (event: LabEvent) => void): () => void {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}

/** Calls `hearer` when a run begins or the device is lost: what was made before is gone. Returns a function that ends it. */
export const hearRenewals = (hearer: () => void): (() => void) =>
  hearEvents(({ type }) => {
    if (type === "plan" || type === "lost") hearer();
  });

function hear(event: LabEvent): void {
  switch (event.type) {
    case "state":
      if (event.state === "preparing" && plan.value) forgetRun();
      runState.value = event.state;
      phase.value = event.text;
      if (event.state === "failed") refuse(event.text);
      if (event.state !== "preparing") loading.value = undefined;
      break;
    case "plan":
      plan.value = event;
      failure.value = "";
      remark.value = "";
      imagesPerSecond.value = undefined;
      records.length = 0;
      for (const record of event.records) records.push(record);
      recorded.value = records.length;
      step.value = event.from;
      break;
    case "progress":
      records.push(...event.records);
      recorded.value = records.length;
      step.value = event.step;
      // Steps in slow motion are taken while the run is paused.
      if (runState.value === "paused") phase.value = `Paused after step ${event.step}.`;
      imagesPerSecond.value = event.imagesPerSecond ?? imagesPerSecond.value;
      break;
    case "frame":
      frames.value = { count: event.frames, last: event.step };
      break;
    case "loading":
      loading.value = event.done < event.total ? event : undefined;
      break;
    case "tuned":
      storeTuned(event.adapter, event.text);
      break;
    case "lost":
      remark.value = event.text;
      break;
  }
  for (const each of hearers) each(event);
}

const PRESENTS = "longhand presents";

/** Opens the lab. Call once. */
export async function openLab(): Promise<void> {
  listen(hear);
  onBroken((words) => fail(`The lab stopped: ${words}`));
  try {
    const kept = stored(PRESENTS);
    const facts = await lab.open(kept === undefined ? undefined : kept === "yes");
    store(PRESENTS, facts.presents ? "yes" : "no");
    adapter.value = facts;
  } catch (error) {
    fail(wordsOf(error, Infinity));
  }
}

/** Says that something failed. */
export function fail(words: string): void {
  failure.value = words;
}

/** Says that something failed, and marks the field that it names. */
export function refuse(text: string): void {
  const { field, words } = withLabel(text);
  failure.value = words;
  if (!field) return;
  if (runState.value === "failed") phase.value = words;
  refused.value = { [field]: words };
}

/** Changes the settings of the next run. What was said of those before is taken back. */
export function changeSettings(next: Settings): void {
  problems.value = {};
  forgetRefusal();
  settings.value = next;
}

/** Takes back what was said of settings that have changed since. */
export function forgetRefusal(): void {
  const [words] = Object.values(refused.value);
  if (words === undefined) return;
  refused.value = {};
  if (failure.value === words) failure.value = "";
  if (phase.value === words) phase.value = "";
}

/** Forgets the last run's figures, so that none of them stands beside the next run. */
function forgetRun(): void {
  plan.value = undefined;
  records.length = 0;
  recorded.value = 0;
  step.value = 0;
  imagesPerSecond.value = undefined;
  frames.value = { count: 0, last: 0 };
}

/** Forgets the last run, and what was said of it. */
export function clearRun(): void {
  forgetRun();
  phase.value = "";
  failure.value = "";
  remark.value = "";
  refused.value = {};
}

const TUNED = "longhand kernels: ";

/** Returns what was tuned on an adapter in this browser before. */
export const tunedFor = (name: string): string | undefined => stored(TUNED + name);

function storeTuned(name: string, text: string): void {
  store(TUNED + name, text);
}

/** Returns what this browser keeps under a key; undefined if it keeps nothing. */
export function stored(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined; // private windows refuse
  }
}

/** Has the browser keep a text under a key, if it permits. */
export function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Private windows and full storage refuse.
  }
}

let shownView = view.peek();

// The address follows the state, so that a copied link opens the same. Each view is a step in the browser's history.
effect(() => {
  const parameters = new URLSearchParams(location.search);
  writeSettings(parameters, settings.value);
  if (view.value === "watch") parameters.delete("view");
  else parameters.set("view", view.value);
  parameters.delete("autostart");
  showAddress(parameters, view.value !== shownView);
  if (!hasProblems.peek()) shownView = view.value;
});

/** Puts parameters into the address, as a step in the browser's history if asked to. */
export function showAddress(parameters: URLSearchParams, isStep: boolean = false): void {
  if (hasProblems.peek()) return; // what was mistyped stays to be mended
  const query = parameters.size > 0 ? `?${parameters}` : location.pathname;
  if (isStep) history.pushState(null, "", query);
  else history.replaceState(null, "", query);
}
addEventListener("popstate", () => {
  shownView = viewIn(new URLSearchParams(location.search).get("view"));
  view.value = shownView;
});
