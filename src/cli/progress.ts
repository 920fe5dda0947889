// What a person sees while training runs: a bar in a terminal, else a line an epoch.
import { MultiBar, type SingleBar } from "cli-progress";
import type { Progress, StepRecord } from "../gan/train-steps.ts";
import { escapeText } from "../gpu/foreign-text.ts";
import { print } from "./print.ts";

/** `3 min 20 s`: a duration for people. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function formatRecord(record: StepRecord): string {
  const { lossD, lossG, dReal, dFake } = record;
  return `loss D ${lossD.toFixed(3)}, G ${lossG.toFixed(3)}; D(real) ${dReal.toFixed(2)}, D(fake) ${dFake.toFixed(2)}`;
}

/** The mean of some records, as of the last of them. */
function meanOf(records: readonly StepRecord[]): StepRecord {
  const last = records.at(-1)!;
  const mean = (key: "lossD" | "lossG" | "dReal" | "dFake"): number =>
    records.reduce((sum, record) => sum + record[key], 0) / records.length;
  return {
    ...last,
    lossD: mean("lossD"),
    lossG: mean("lossG"),
    dReal: mean("dReal"),
    dFake: mean("dFake"),
  };
}

/** Where a run's progress goes. */
export interface ProgressView {
  readonly update: (progress: Progress) => void;
  /** Prints a line, above the bar where there is one. */
  readonly say: (line: string) => void;
  readonly stop: () => void;
}

/** What the view needs to know of the run beforehand. */
export interface ProgressPlan {
  readonly from: number;
  readonly until: number;
  readonly stepsPerEpoch: number;
  readonly batch: number;
}

/** Bars of a format on a terminal's stderr, which may vanish at the end; undefined where there is none. */
export function createBars(format: string, vanish = false): MultiBar | undefined {
  if (!process.stderr.isTTY) return undefined;
  return new MultiBar({
    format,
    stream: process.stderr,
    barsize: 20,
    hideCursor: true,
    stopOnComplete: false,
    clearOnComplete: vanish,
    gracefulExit: false,
    linewrap: false,
  });
}

/** A bar on a terminal's stderr; where there is none, a line an epoch on stdout. */
export function createProgressView(plan: ProgressPlan): ProgressView {
  const epochs = Math.ceil(plan.until / plan.stepsPerEpoch);
  const bars = createBars(
    "epoch {epoch} {bar} step {value}/{total} | {record} | {rate} | {left} left",
  );
  let bar: SingleBar | undefined;
  let epoch: StepRecord[] = [];
  const say = (line: string): void => {
    if (bars && bar) bars.log(`${escapeText(line)}\n`);
    else print(line);
  };
  return {
    say,
    stop() {
      bars?.stop();
    },
    update(progress) {
      const { step, records, imagesPerSecond } = progress;
      const last = records.at(-1);
      if (!last) return;
      epoch = [...epoch.filter((record) => record.epoch === last.epoch), ...records];
      const left = formatDuration(((plan.until - step) * plan.batch) / imagesPerSecond);
      const rate = `${Number.isFinite(imagesPerSecond) ? imagesPerSecond.toFixed(0) : "?"} images/s`;
      const payload = {
        epoch: `${last.epoch}/${epochs}`,
        record: formatRecord(meanOf(records)),
        rate,
        left,
      };
      if (bars) {
        bar ??= bars.create(plan.until, plan.from, payload);
        bar.update(step, payload);
      }
      const ends = progress.epochDone !== undefined || step === plan.until;
      if (!ends) return;
      const of = progress.epochDone
        ? `Epoch ${last.epoch}/${epochs}`
        : `Step ${step}/${plan.until}`;
      say(
        `${of}: ${formatRecord(meanOf(epoch))}; ${rate}${step < plan.until ? `, ${left} left` : ""}`,
      );
    },
  };
}
