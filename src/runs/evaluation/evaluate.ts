// How good a run's digits are: figures next to those of sets of known quality, and a page.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { withFolders, writeFileAtomic } from "../../checkpoint/files.ts";
import { anyNumber } from "../../checkpoint/json.ts";
import { readJsonl } from "../../checkpoint/jsonl.ts";
import { classInTurn, drawImages, generatorInputs } from "../../gan/samples.ts";
import { resizeImages } from "../../gan/resize-images.ts";
import type { Device } from "../../gpu/device.ts";
import { CheckpointError, UsageError } from "../../gpu/errors.ts";
import { chooseSamples, rankSamples } from "../../judge/choose.ts";
import {
  featuresOf,
  figuresOf,
  frechetsOf,
  gaussiansOf,
  judgeAll,
  NEIGHBOURS,
  pick,
  probabilitiesOf,
  type ImageStack,
} from "../../judge/comparison.ts";
import { copyingOf } from "../../judge/copying.ts";
import { digitsOf, type Judge } from "../../judge/judge.ts";
import { nearestImages } from "../../judge/nearest-images.ts";
import { realism } from "../../metrics/metrics.ts";
import type { Report } from "../../pictures/report.ts";
import { formatEvaluation, type Evaluation } from "./evaluation-file.ts";
import { evaluationReport } from "./evaluation-report.ts";
import { evaluationTable } from "./evaluation-table.ts";
import { loadJudge } from "./judges.ts";
import { createPhases, type Phases } from "../phases.ts";
import type { Ui } from "../ui.ts";
import {
  loadRealDigits,
  LOOKED_AT,
  seeDigits,
  standBeside,
  standBesideFrechets,
  type RealDigits,
} from "./real-digits.ts";
import { runFolder } from "../run-folder.ts";
import { withDevice } from "../session.ts";
import type { WhichCheckpoint } from "../checkpoint-places.ts";
import { printable } from "../../gpu/foreign-text.ts";
import { JUDGE_IS_GRAY, requireGray } from "../require-gray.ts";
import { readTrainedRun, type TrainedRun } from "../trained-models.ts";

/** How to evaluate a run; what is left out has its default. */
export interface EvaluateRequest {
  readonly count?: number;
  readonly seed?: number;
  readonly neighbours?: number;
  readonly checkpoint?: WhichCheckpoint;
  /** A folder of IDX files, training and test, to compare with (default: what the run was trained on). */
  readonly data?: string;
  /** Exchange each image's rows and columns. */
  readonly transpose?: boolean;
  readonly out?: string;
  readonly json?: string;
  readonly adapter?: string;
}

/** Draws samples from a run, judges them, prints the figures, and writes them and a page. */
export async function evaluateRun(ui: Ui, run: string, flags: EvaluateRequest): Promise<void> {
  const { print } = ui;
  const { count = 10_000, seed = 1, neighbours = NEIGHBOURS, checkpoint = "last" } = flags;
  if (count <= neighbours) {
    throw new UsageError(
      `--count ${count}: must be more than --neighbours (${neighbours}); use thousands for reliable figures`,
    );
  }
  const trained = readTrainedRun(run, checkpoint);
  requireGray(trained.recipe, `evaluate ${printable(run)}`, JUDGE_IS_GRAY);
  const out = flags.out ?? join(run, evaluationName(checkpoint));
  const json = flags.json ?? join(out, "evaluation.json");
  const own = trained.record.data;
  const transpose = flags.transpose ?? (flags.data === undefined ? own.transposed : undefined);
  const digits = await loadRealDigits(flags.data ?? own.folder, {
    transpose,
    size: own.size,
  });
  const evaluated = (): Promise<void> =>
    withDevice(flags.adapter, async (device, opened) => {
      print(opened.line);
      for (const note of trained.notes) print(note);
      for (const note of digits.train.notes) print(note);
      const phases = createPhases(ui);
      try {
        const options = { count, seed, neighbours, checkpoint, adapter: opened.name };
        const { evaluation, page } = await evaluate(
          ui,
          device,
          run,
          trained,
          digits,
          options,
          phases,
        );
        phases.stop();
        const html = join(out, "report.html");
        writeFileAtomic(json, formatEvaluation(evaluation));
        writeFileAtomic(html, page);
        print(...evaluationTable(evaluation), "", json, html);
      } finally {
        phases.stop();
      }
    });
  await withFolders([out, dirname(json)], evaluated);
}

function evaluationName(checkpoint: WhichCheckpoint): string {
  if (checkpoint === "last") return "evaluation";
  return checkpoint === "best" ? "evaluation-best" : `evaluation-step-${checkpoint}`;
}

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly neighbours: number;
  readonly checkpoint: WhichCheckpoint;
  readonly adapter: string;
}

async function evaluate(
  ui: Ui,
  device: Device,
  run: string,
  trained: TrainedRun,
  digits: RealDigits,
  options: Options,
  phases: Phases,
): Promise<{ evaluation: Evaluation; page: string }> {
  const { count, seed, neighbours } = options;
  const models = trained.models(device); // first: a damaged run is refused before anything takes long
  const judge = await loadJudge(ui, device, "first");
  const seen = await seeDigits(judge, digits, phases);
  const { comparison, references, testDistances } = await standBeside(
    seen,
    count,
    neighbours,
    phases,
  );

  const inputs = await generatorInputs(models, seed, count);
  const drawing = phases.begin(`Drawing ${count} samples`);
  const [height, width] = models.recipe.image;
  const samples = {
    images: await drawImages(models, inputs, count, drawing),
    count,
    height,
    width,
  };
  requireNumbers(run, samples);
  const judged = await judgeAll(judge, samples, phases.begin("Judging the samples"));
  const figures = await figuresOf(judged, comparison, phases.begin("Comparing the samples"));

  const looked = Math.min(count, LOOKED_AT);
  const { train } = digits;
  const size = train.height * train.width;
  const large = samples.images.subarray(0, looked * height * width);
  const from = { count: looked, height, width };
  const small = await resizeImages(device, large, from, [train.height, train.width]);
  const nearest = await nearestImages(
    device,
    small,
    looked,
    train.images,
    size,
    phases.begin("The samples' nearest training images"),
  );
  const first = pick(
    judged,
    Array.from({ length: looked }, (_, row) => row),
  );
  const depth = await realism(
    comparison.real.subset,
    comparison.real.radii,
    featuresOf(first),
    phases.begin("How real each sample looks"),
  );
  const ranked = rankSamples(probabilitiesOf(first), depth);

  const { classes = 0 } = models.recipe;
  const seenAs = digitsOf(judged);
  const evaluation: Evaluation = {
    format: 1,
    data: {
      train: { images: train.count, fingerprint: train.fingerprint },
      test: { images: digits.test.count, fingerprint: digits.test.fingerprint },
    },
    run: {
      recipe: models.recipe.name,
      seed: trained.record.seed,
      checkpoint: options.checkpoint,
      step: trained.step,
    },
    adapter: options.adapter,
    count,
    seed,
    neighbours,
    judge: nameOf(judge),
    samples: figures,
    references,
    expected: comparison.expected,
    asked:
      classes > 0
        ? seenAs.filter((digit, row) => digit === classInTurn(row, classes)).length / count
        : null,
    copying: copyingOf(nearest.distances, testDistances),
    second: await bySecondJudge(ui, device, digits, samples, count, phases),
  };
  const report = evaluationReport({
    evaluation,
    run,
    samples,
    train,
    nearest,
    testDistances,
    chosen: chooseSamples(ranked, 10),
    losses: readLosses(run, trained),
  });
  const { reportPage } = await import("../../pictures/report.ts"); // its plots are slow to load
  return { evaluation, page: reportPage(report) };
}

const nameOf = ({ name, accuracy, fingerprint }: Judge): Evaluation["judge"] => ({
  name,
  accuracy,
  fingerprint,
});

function requireNumbers(run: string, { images }: ImageStack): void {
  if (images.every(Number.isFinite)) return;
  throw new CheckpointError(
    `${run}: its generator draws values that are not finite: the run has diverged; evaluate its --checkpoint best, or train again with lower learning rates`,
  );
}

async function bySecondJudge(
  ui: Ui,
  device: Device,
  digits: RealDigits,
  samples: ImageStack,
  count: number,
  phases: Phases,
): Promise<Evaluation["second"]> {
  const judge = await loadJudge(ui, device, "second");
  const seen = await seeDigits(judge, digits, phases);
  const sides = gaussiansOf(seen.judged);
  const judged = await judgeAll(
    judge,
    samples,
    phases.begin("Judging the samples by the second judge"),
  );
  return {
    judge: nameOf(judge),
    samples: frechetsOf(judged, sides),
    references: await standBesideFrechets(seen, sides, count, phases),
  };
}

/** Reads the run's losses up to the checkpoint; undefined if its log is gone. */
function readLosses(run: string, { record, step }: TrainedRun): Report["losses"] {
  const { metrics } = runFolder(run);
  if (!existsSync(metrics)) return undefined;
  const number = (value: unknown): number => anyNumber.safeParse(value).data ?? Number.NaN;
  const rows = readJsonl(metrics).map((row) => ({
    step: number(row.step),
    epoch: number(row.epoch),
    lossD: number(row.lossD),
    lossG: number(row.lossG),
    dReal: number(row.dReal),
    dFake: number(row.dFake),
  }));
  const { stepsPerEpoch } = record;
  return { rows: rows.filter((row) => row.step <= step), stepsPerEpoch };
}
