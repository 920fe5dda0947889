// The page: reads the settings, starts and stops the worker that trains, and shows what it reports.

import { formatJson } from "../src/checkpoint/json.ts";
import { recipeNamed, recipes } from "../src/gan/recipes/list.ts";
import type { StepRecord } from "../src/gan/train-steps.ts";
import { wordsOf } from "../src/gpu/foreign-text.ts";
import { SERVED_IMAGES, SERVED_LABELS } from "../src/data/idx.ts";
import { drawLosses } from "./chart.ts";
import type {
  AdapterMessage,
  PlanMessage,
  ProgressMessage,
  SamplesMessage,
  StartMessage,
  WorkerMessage,
} from "./messages.ts";
import { offerCheck } from "./gpu-check.ts";
import { DEFAULT_RECIPE, readSettings } from "./settings.ts";
import { storeChoices, storedChoices } from "./stored-choices.ts";
import { download, duration, find, say, whole } from "./view.ts";

type State = "idle" | "running" | "done" | "stopped" | "error";

const form = find("#settings", HTMLFormElement);
const recipeField = find("[name=recipe]", HTMLSelectElement);
const startButton = find("#start", HTMLButtonElement);
const stopButton = find("#stop", HTMLButtonElement);
const saveButton = find("#save", HTMLButtonElement);
const bar = find("#bar", HTMLProgressElement);
const chart = find("#chart", HTMLDivElement);
const canvas = find("#samples", HTMLCanvasElement);

let state: State = "idle";
let worker = openWorker();
let plan: PlanMessage | undefined;
let records: StepRecord[] = [];
let chartDue = false;

// ---------------------------------------------------------------------------------------------
// Starting and stopping

// A worker opens the adapter immediately, so that the page names it before anything is started.
function openWorker(): Worker {
  const opened = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  opened.addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
    if (opened === worker) hear(data);
  });
  opened.addEventListener("error", (event) => {
    event.preventDefault();
    const reason = event.message || "its script can't be loaded; is the server still running?";
    if (opened === worker) fail(`The training worker stopped: ${reason}`);
  });
  return opened;
}

function start(): void {
  const parameters = formParameters();
  let settings;
  try {
    settings = readSettings(parameters);
  } catch (error) {
    fail(wordsOf(error, Infinity));
    return;
  }
  history.replaceState(null, "", parameters.size > 0 ? `?${parameters}` : location.pathname);
  if (state !== "idle") {
    worker.terminate();
    worker = openWorker();
  }
  plan = undefined;
  records = [];
  clear();
  enter("running");
  const [images, labels] = [SERVED_IMAGES, SERVED_LABELS].map(
    (path) => new URL(path, document.baseURI).href,
  );
  const message: StartMessage = {
    settings,
    images: images!,
    labels: labels!,
    stored: storedChoices(),
  };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
  worker.postMessage(message);
}

function stop(): void {
  worker.terminate();
  say("#phase", plan ? `Stopped after ${whole(records.length)} of ${steps(plan)}.` : "Stopped.");
  enter("stopped");
}

function fail(message: string): void {
  worker.terminate();
  say("#error", message);
  find("#error").hidden = false;
  if (state === "running") say("#phase", "Stopped.");
  enter("error");
}

function enter(next: State): void {
  state = next;
  document.body.dataset["state"] = next;
  const isRunning = next === "running";
  startButton.disabled = isRunning;
  stopButton.disabled = !isRunning;
  saveButton.disabled = records.length === 0;
  for (const field of form.querySelectorAll<HTMLInputElement>("input, select")) {
    field.disabled = isRunning;
  }
}

// ---------------------------------------------------------------------------------------------
// What the worker reports

function hear(message: WorkerMessage): void {
  switch (message.type) {
    case "adapter":
      return showAdapter(message);
    case "phase":
      return say("#phase", message.text);
    case "tuned":
      return storeChoices(message);
    case "plan":
      return showPlan(message);
    case "samples":
      return showSamples(message);
    case "progress":
      return showProgress(message);
    case "done":
      say("#phase", `Done: ${plan ? steps(plan) : ""}.`);
      say("#left", "–");
      return enter("done");
    case "error":
      return fail(message.message);
  }
}

function showAdapter({ line, software }: AdapterMessage): void {
  say("#adapter", line);
  find("#software").hidden = !software;
}

function showPlan(message: PlanMessage): void {
  plan = message;
  const { images, batch, stepsPerEpoch } = message;
  say(
    "#summary",
    `${whole(images)} images, ${whole(batch)} per step, ${whole(stepsPerEpoch)} steps per epoch.`,
  );
}

function showSamples({ step, grid }: SamplesMessage): void {
  const { width, height, pixels } = grid;
  const rgba = new ImageData(width, height);
  pixels.forEach((level, index) => rgba.data.set([level, level, level, 255], index * 4));
  Object.assign(canvas, { width, height });
  canvas.getContext("2d")?.putImageData(rgba, 0, 0);
  const when = step === 0 ? "before the first step" : `after step ${whole(step)}`;
  say("#sample-step", when);
  canvas.setAttribute("aria-label", `Sixteen samples of the generator, ${when}`);
}

function showProgress({ records: fresh, imagesPerSecond }: ProgressMessage): void {
  records.push(...fresh);
  saveButton.disabled = false;
  const last = fresh.at(-1);
  if (!plan || !last) return;
  const { batch, stepsPerEpoch } = plan;
  bar.value = last.step / plan.steps;
  say("#epoch", `${whole(last.epoch)} of ${whole(Math.ceil(plan.steps / stepsPerEpoch))}`);
  say("#step", `${whole(last.step)} of ${whole(plan.steps)}`);
  say("#d-real", last.dReal.toFixed(3));
  say("#d-fake", last.dFake.toFixed(3));
  say("#loss-d", last.lossD.toFixed(3));
  say("#loss-g", last.lossG.toFixed(3));
  say("#rate", whole(imagesPerSecond));
  say("#left", duration(((plan.steps - last.step) * batch) / imagesPerSecond));
  requestChart();
}

// At most one drawing per frame, and none in a hidden tab.
function requestChart(): void {
  if (chartDue) return;
  chartDue = true;
  requestAnimationFrame(() => {
    chartDue = false;
    drawLosses(chart, records, plan?.stepsPerEpoch ?? NaN);
  });
}

function clear(): void {
  find("#error").hidden = true;
  say("#error", "");
  bar.value = 0;
  for (const id of ["epoch", "step", "d-real", "d-fake", "loss-d", "loss-g", "rate", "left"]) {
    say(`#${id}`, "–");
  }
  say("#phase", "Starting…");
  requestChart();
}

function steps({ steps: count }: PlanMessage): string {
  return `${whole(count)} ${count === 1 ? "step" : "steps"}`;
}

// ---------------------------------------------------------------------------------------------
// The form

function formParameters(): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value !== "") parameters.set(name, value);
  }
  return parameters;
}

function showDefaults(): void {
  const { batch, epochs } = recipeNamed(recipeField.value);
  find("[name=batch]", HTMLInputElement).placeholder = whole(batch);
  find("[name=steps]", HTMLInputElement).placeholder = `${whole(epochs)} epochs`;
  say("#summary", recipeNamed(recipeField.value).summary);
}

/** Fills the form from the page's address. Throws UsageError for a value that isn't allowed. */
function fillForm(parameters: URLSearchParams): void {
  for (const { name } of recipes) recipeField.append(new Option(name));
  recipeField.value = DEFAULT_RECIPE;
  readSettings(parameters);
  for (const [name, value] of parameters) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
      field.value = value;
    }
  }
}

// One JSON object per line, as in a run folder's metrics.jsonl.
function save(): void {
  const lines = records.map((record) => `${formatJson(record)}\n`);
  download("metrics.jsonl", "application/jsonl", lines);
}

offerCheck(() => state === "running");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
stopButton.addEventListener("click", stop);
saveButton.addEventListener("click", save);
recipeField.addEventListener("change", showDefaults);
new ResizeObserver(requestChart).observe(chart);

const address = new URLSearchParams(location.search);
try {
  fillForm(address);
  showDefaults();
  enter("idle");
  if (address.get("autostart") === "1") start();
} catch (error) {
  fail(wordsOf(error, Infinity));
}
