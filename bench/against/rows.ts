// The rows that `bench -- against` measures: a step and its memory, a first step, and the judge's training.
import type { Report, StartOptions, StepReply } from "../contestants/messages.ts";
import type { Remote } from "../contestants/start.ts";
import { progress } from "../reports.ts";
import { JUDGE_STEPS } from "./judge-steps.ts";
import type { Model } from "./model.ts";
import {
  inTurn,
  named,
  rowOf,
  startSide,
  type Both,
  type Duel,
  type Row,
  type Side,
  type Start,
} from "./pairs.ts";

/** What was measured, and what is to be said about it. */
export interface Measured {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** What both commits are told besides the model. */
export type Given = Pick<StartOptions, "width" | "batch" | "adapter">;

/** Losses that differ by more than this share of their size after a few steps hardly differ by rounding alone. */
const FAR = 0.05;

/** How long a measurement should last, and how many steps it may take at most, timed and before that. */
const MEASURED_MS = 500;
const MOST_REPEATS = 50;
const MOST_WARM = 8;

const SIDES = ["there", "here"] as const;

const optionsOf = ({ recipe, configs }: Model, given: Given): Both<StartOptions> => {
  const common = { ...given, name: "longhand", recipe } as const;
  return { there: { ...common, config: configs.there }, here: { ...common, config: configs.here } };
};

/** Measures a training step, and the most memory that it takes. */
export async function stepRows(
  duel: Duel,
  model: Model,
  given: Given,
  wanted: readonly string[],
): Promise<Measured> {
  const { recipe, title } = model;
  const options = optionsOf(model, given);
  return withBoth(duel, recipe, { options }, async (both, repeats) => {
    const warm = Math.min(repeats, MOST_WARM);
    for (const side of SIDES) await named(duel, side, stepsOf(both[side], warm));
    const there = await named(duel, "there", both.there.report());
    const here = await named(duel, "here", both.here.report());
    const pairs = wanted.includes("step")
      ? await inTurn(duel, recipe, (side) => stepsOf(both[side], repeats))
      : [];
    const share = here.peakBytes / there.peakBytes;
    const memory: Row = {
      title: `${recipe} peak GPU memory, batch ${given.batch}`,
      unit: "memory",
      there: there.peakBytes,
      here: here.peakBytes,
      ratio: { median: share, least: share, greatest: share },
    };
    return {
      rows: [
        ...rowOf(`${recipe} step, batch ${given.batch}`, pairs),
        ...(wanted.includes("memory") ? [memory] : []),
      ],
      notes: [
        ...(title === recipe
          ? []
          : [`${recipe}: both train it as ${duel.names.there} has it, which is here ${title}.`]),
        lossNote(duel, recipe, 2 + warm, { there, here }),
        ...adapterNotes(duel, both),
      ],
    };
  });
}

/** Measures the first step of new processes that find no compiled kernels. */
export async function coldRows(duel: Duel, model: Model, given: Given): Promise<Measured> {
  const what = `first ${model.recipe} step, driver's cache empty`;
  const options = optionsOf(model, given);
  const pairs = await inTurn(duel, what, async (side) => {
    const remote = await startSide(duel, side, { options, cold: true });
    try {
      return await remote.first();
    } finally {
      remote.stop();
    }
  });
  return { rows: rowOf(`${what}, batch ${given.batch}`, pairs), notes: [] };
}

/** Measures the first judge's training, a few steps at a time. */
export async function judgeRows(duel: Duel, adapter: string | undefined): Promise<Measured> {
  const common: StartOptions = { name: "longhand", recipe: "dcgan", batch: 1, adapter };
  const options = { there: common, here: common };
  return withBoth(duel, "judge", { options, judge: true }, async (both, repeats) => {
    const pairs = await inTurn(duel, "judge", (side) => stepsOf(both[side], repeats));
    const title = `training the judge, ${JUDGE_STEPS} steps`;
    return { rows: rowOf(title, pairs), notes: [] };
  });
}

/**
 * Starts both sides, and takes two steps of each, of which the first compiles. Then calls `measure` with the number of
 * steps that make one measurement: single short steps vary too much. Ends both sides.
 */
async function withBoth(
  duel: Duel,
  what: string,
  start: Start,
  measure: (both: Both<Remote>, repeats: number) => Promise<Measured>,
): Promise<Measured> {
  const started: Remote[] = [];
  let slowest = 0;
  const begin = async (side: Side): Promise<Remote> => {
    progress(`${what}: first step, ${duel.names[side]}`);
    const remote = await startSide(duel, side, start);
    started.push(remote);
    await named(duel, side, remote.first());
    const { milliseconds } = await named(duel, side, remote.step());
    slowest = Math.max(slowest, milliseconds);
    return remote;
  };
  try {
    const both = { there: await begin("there"), here: await begin("here") };
    return await measure(both, Math.min(MOST_REPEATS, Math.ceil(MEASURED_MS / slowest)));
  } finally {
    for (const remote of started) remote.stop();
  }
}

/** Takes some steps, and returns the mean of their times. */
async function stepsOf(remote: Remote, count: number): Promise<StepReply> {
  const replies: StepReply[] = [];
  while (replies.length < count) replies.push(await remote.step());
  const mean = (figure: (reply: StepReply) => number): number =>
    replies.reduce((sum, reply) => sum + figure(reply), 0) / count;
  return {
    ...replies.at(-1)!,
    milliseconds: mean(({ milliseconds }) => milliseconds),
    processor: mean(({ processor = Number.NaN }) => processor),
  };
}

/** Says whether both came to the same losses. */
function lossNote(
  duel: Duel,
  recipe: string,
  steps: number,
  { there, here }: Both<Report>,
): string {
  const losses = ({ lossD, lossG }: Report): number[] => [lossD, lossG];
  const [before, after] = [losses(there), losses(here)];
  const apart = Math.max(
    ...before.map((loss, i) => Math.abs(after[i]! - loss) / Math.max(Math.abs(loss), FAR)),
  );
  if (apart === 0) return `${recipe}: the losses after ${steps} steps are equal, bit for bit.`;
  const words = (report: Report): string =>
    `D ${report.lossD.toFixed(4)} and G ${report.lossG.toFixed(4)}`;
  const said = `${recipe}: the losses after ${steps} steps are ${words(there)} at ${duel.names.there}, ${words(here)} here`;
  return apart <= FAR
    ? `${said}.`
    : `${said}: too far apart for rounding. They may not train the same model, and then the ratios say little.`;
}

function adapterNotes({ names }: Duel, { there, here }: Both<Remote>): string[] {
  if (there.adapter === here.adapter) return [];
  return [
    `${names.there} ran on ${there.adapter}, this checkout on ${here.adapter}: choose one by --adapter.`,
  ];
}
