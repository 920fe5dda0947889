// Two commits in turn: a process for each, and pairs of measurements whose order alternates.
import { fileURLToPath } from "node:url";
import { GpuError, LonghandError } from "../../src/gpu/errors.ts";
import type { StartOptions, StepReply } from "../contestants/messages.ts";
import { NO_CACHE, startContestant, type Remote } from "../contestants/start.ts";
import { duration, median, progress } from "../reports.ts";

/** Something for the other commit, and for this checkout. */
export interface Both<T> {
  readonly there: T;
  readonly here: T;
}

/** Which of the two. */
export type Side = keyof Both<unknown>;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const JUDGE = path("judge-child.ts");
const PROCESSOR_TIME = path("processor-time.ts");
const ASLEEP = path("../contestants/asleep.ts");

/** Two commits on one adapter. */
export interface Duel {
  /** Folders of both. */
  readonly roots: Both<string>;
  /** Names of both, for people. */
  readonly names: Both<string>;
  /** Whether the adapter is the CPU. */
  readonly software: boolean;
  /** The number of pairs. */
  readonly pairs: number;
  /** Whether to stop after the pair that is being measured. */
  readonly asked: () => boolean;
}

/** What a process of either commit is started with. */
export interface Start {
  readonly options: Both<StartOptions>;
  /** Trains the judge, not a GAN. */
  readonly judge?: boolean;
  /** Without the driver's cache of compiled kernels. */
  readonly cold?: boolean;
}

/** Starts the process of one side. Throws `GpuError` that names the side. */
export async function startSide(duel: Duel, side: Side, start: Start): Promise<Remote> {
  const origin = {
    root: duel.roots[side],
    program: start.judge ? JUDGE : undefined,
    before: [...(duel.software ? [ASLEEP] : []), PROCESSOR_TIME],
  };
  const started = startContestant(start.options[side], start.cold ? NO_CACHE : {}, origin);
  return named(duel, side, started);
}

/** Adds a side's name to the message of an error. */
export async function named<T>(duel: Duel, side: Side, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    throw new GpuError(`${duel.names[side]}: ${error.message}`);
  }
}

/** Measures pairs, the other commit first in every other one, until all are measured or a stop is asked for. */
export async function inTurn(
  duel: Duel,
  what: string,
  measure: (side: Side) => Promise<StepReply>,
): Promise<Both<StepReply>[]> {
  const found: Both<StepReply>[] = [];
  while (found.length < duel.pairs && !duel.asked()) {
    const pair: Partial<Record<Side, StepReply>> = {};
    const order: readonly Side[] = found.length % 2 === 0 ? ["there", "here"] : ["here", "there"];
    for (const side of order) pair[side] = await named(duel, side, measure(side));
    const { there, here } = pair;
    if (!there || !here) break;
    found.push({ there, here });
    const took = `${duel.names.there} ${duration(there.milliseconds)}, ${duel.names.here} ${duration(here.milliseconds)}`;
    progress(`${what}: pair ${found.length} of ${duel.pairs}: ${took}`);
  }
  return found;
}

/** The ratios of this checkout's figures to the other commit's. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** A measured row of the table. */
export interface Row {
  readonly title: string;
  readonly unit: "time" | "memory";
  /** Medians: milliseconds, or bytes. */
  readonly there: number;
  readonly here: number;
  /** Of the pairs, each on its own. */
  readonly ratio: Ratio;
  /** Of processor time, if that was measured. */
  readonly processor?: Ratio | undefined;
  readonly pairs?: readonly Both<StepReply>[];
}

/** Returns the row of some pairs, if there are any. */
export function rowOf(title: string, pairs: readonly Both<StepReply>[]): Row[] {
  if (pairs.length === 0) return [];
  const milliseconds = (side: Side): number => median(pairs.map((pair) => pair[side].milliseconds));
  const ratios = (figure: (reply: StepReply) => number): Ratio => {
    const each = pairs.map(({ there, here }) => figure(here) / figure(there));
    return { median: median(each), least: Math.min(...each), greatest: Math.max(...each) };
  };
  return [
    {
      title,
      unit: "time",
      there: milliseconds("there"),
      here: milliseconds("here"),
      ratio: ratios((reply) => reply.milliseconds),
      processor: ratios(({ processor = Number.NaN }) => processor),
      pairs,
    },
  ];
}
