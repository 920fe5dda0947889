// What a person sees during training: a bar in a terminal, otherwise a line every 30 seconds, and a line per epoch.
import type { Progress, StepRecord } from "../gan/train-steps.ts";
import { formatDuration } from "../gpu/duration.ts";
import { createBeats } from "./beats.ts";
import type { Bar, Ui } from "./ui.ts";

const formatLosses = ({ lossD, lossG }: StepRecord): string =>
  `loss D ${lossD.toFixed(3)}, G ${lossG.toFixed(3)}`;
const formatVerdicts = ({ dReal, dFake }: StepRecord): string =>
  `D(real) ${dReal.toFixed(2)}, D(fake) ${dFake.toFixed(2)}`;
const formatRecord = (record: StepRecord): string =>
  `${formatLosses(record)}; ${formatVerdicts(record)}`;

/** Returns the mean of some records, with the step and epoch of the last. */
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
  /** Prints a line, above the bar if there is one. */
  readonly say: (line: string) => void;
  readonly stop: () => void;
}

/** What the view needs to know about the run. */
export interface ProgressPlan {
  readonly from: number;
  readonly until: number;
  readonly stepsPerEpoch: number;
  readonly batch: number;
}

/** Joins the parts that say something. */
const joined = (by: string, ...parts: readonly string[]): string =>
  parts.filter((part) => part !== "").join(by);

/**
 * Shows a run's progress as a bar in a terminal, and prints a line per epoch. Without a terminal, prints a line whenever
 * there was none for 30 seconds.
 */
export function createProgressView(
  ui: Pick<Ui, "bars" | "print">,
  plan: ProgressPlan,
): ProgressView {
  const epochs = Math.ceil(plan.until / plan.stepsPerEpoch);
  const bars = ui.bars(
    "{left} {bar} step {value}/{total} | epoch {epoch} | {rate} | {losses} | {verdicts}",
  );
  let bar: Bar | undefined;
  let now: string | undefined; // until the first report, something else says what happens
  const beats = bars ? undefined : createBeats(ui, () => now);
  let epoch: StepRecord[] = [];
  const say = (line: string): void => {
    if (bars && bar) bars.say(line);
    else ui.print(line);
    beats?.said();
  };
  return {
    say,
    stop() {
      bars?.stop();
      beats?.stop();
    },
    update(progress) {
      const { step, records, imagesPerSecond } = progress;
      const last = records.at(-1);
      if (!last) return;
      epoch = [...epoch.filter((record) => record.epoch === last.epoch), ...records];
      // The first report has no pace yet: its steps may have compiled kernels.
      const isTimed = Number.isFinite(imagesPerSecond);
      const seconds = ((plan.until - step) * plan.batch) / imagesPerSecond;
      const left = isTimed ? `${formatDuration(seconds)} left` : "";
      const rate = isTimed ? `${imagesPerSecond.toFixed(0)} images/s` : "";
      const mean = meanOf(records);
      const payload = {
        epoch: `${last.epoch}/${epochs}`,
        losses: formatLosses(mean),
        verdicts: formatVerdicts(mean),
        rate,
        left,
      };
      const at = `step ${step}/${plan.until}, epoch ${payload.epoch}`;
      now = joined("; ", left === "" ? at : `${left}: ${at}`, rate, formatRecord(mean));
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
        joined(
          "; ",
          `${of}: ${formatRecord(meanOf(epoch))}`,
          joined(", ", rate, step < plan.until ? left : ""),
        ),
      );
    },
  };
}
