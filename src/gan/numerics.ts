// Finds where a step's numbers stop being finite, by running the step again, dispatch by dispatch.
import { formatShape, type GpuArray, type HostArray } from "../gpu/array.ts";
import type { Program } from "../gpu/program.ts";
import { runStepwise, type Seen } from "../gpu/inspection/stepwise.ts";
import type { Gan } from "./gan.ts";
import { programOf, type StepPrograms, type StepRecord } from "./train-steps.ts";

/** How many elements of an array aren't finite, and which is the first. */
export interface Bad {
  readonly nans: number;
  readonly infinities: number;
  /** The index of the first one, in row-major order. */
  readonly first: number;
}

/** Counts the elements that aren't finite. Returns undefined if all are finite; integers always are. */
export function badIn(values: HostArray): Bad | undefined {
  if (!(values instanceof Float32Array)) return undefined;
  let nans = 0;
  let infinities = 0;
  let first = -1;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isFinite(value)) continue;
    if (Number.isNaN(value)) nans += 1;
    else infinities += 1;
    if (first < 0) first = i;
  }
  return first < 0 ? undefined : { nans, infinities, first };
}

/** Whether a step's losses and verdicts are finite. */
export const isFiniteRecord = ({ lossD, lossG, dReal, dFake }: StepRecord): boolean =>
  [lossD, lossG, dReal, dFake].every(Number.isFinite);

/** The first thing that went bad. */
export interface Finding {
  readonly step: number;
  /** One line: the dispatch, the array, how much of it is bad, and whether its inputs were finite. */
  readonly words: string;
}

/**
 * Runs steps `from + 1` to `until` again, after `restore` has put the state of step `from` on the device, and names the
 * first dispatch that writes something that isn't finite. Each step is first run whole, and its state read. The first
 * step that leaves anything bad is then run again by dispatches, with the same bits. Returns undefined if all is
 * finite.
 */
export async function findNonFinite(
  gan: Gan,
  programs: StepPrograms,
  { from, until, restore }: { from: number; until: number; restore: () => void },
): Promise<Finding | undefined> {
  restore();
  for (let step = from + 1; step <= until; step += 1) {
    await programOf(programs, gan.plan, step).run();
    if (await isSound(gan, step)) continue;
    restore();
    for (let done = from + 1; done < step; done += 1) {
      await programOf(programs, gan.plan, done).run();
    }
    const program = programOf(programs, gan.plan, step);
    const words = await firstBad(gan, program);
    return { step, words: words ?? "its state, though no dispatch wrote it" };
  }
  return undefined;
}

/** Whether everything that a step leaves is finite: its record, and all that a checkpoint saves. */
async function isSound({ state, ring }: Gan, step: number): Promise<boolean> {
  const row = ring.rows((step - 1) % ring.shape[0]!, 1);
  for (const array of [row, ...arraysOf(state)]) if (badIn(await array.read())) return false;
  return true;
}

const arraysOf = (state: Gan["state"]): GpuArray[] =>
  Object.values(state).flatMap((named) => [...named.values()]);

async function firstBad({ device }: Gan, program: Program): Promise<string | undefined> {
  let words: string | undefined;
  const count = program.plan.dispatches.length;
  await runStepwise(device, program, async ({ index, dispatch, written, read }) => {
    for (const seen of await written()) {
      const bad = badIn(seen.values);
      if (!bad) continue;
      const where = `dispatch ${index + 1} of ${count}, ${dispatch.label}`;
      words = `${where}, writes ${labelOf(seen)} ${countWords(bad, seen)}; ${inputWords(await read())}`;
      return true;
    }
    return false;
  });
  return words;
}

const labelOf = ({ name, array }: Seen): string =>
  `${name} (${array.storage.label}) of shape ${formatShape(array.shape)}`;

function countWords({ nans, infinities, first }: Bad, { array }: Seen): string {
  const kinds = [
    ...(nans > 0 ? [`${nans} NaN`] : []),
    ...(infinities > 0 ? [`${infinities} infinite`] : []),
  ];
  return `with ${kinds.join(" and ")} among ${array.size}, the first at ${formatShape(indexOf(first, array.shape))}`;
}

/** Returns the index of an element along each axis. */
function indexOf(flat: number, shape: readonly number[]): number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((extent) => {
      const at = rest % extent;
      rest = Math.floor(rest / extent);
      return at;
    })
    .toReversed();
}

function inputWords(read: readonly Seen[]): string {
  const bad = read.filter(({ values }) => badIn(values));
  if (bad.length > 0) return `it read ${bad.map(labelOf).join(", ")}, which was bad already`;
  const largest = read
    .flatMap((seen) => {
      if (!(seen.values instanceof Float32Array)) return [];
      const most = seen.values.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), 0);
      return [{ seen, most }];
    })
    .toSorted((a, b) => b.most - a.most)[0];
  return largest
    ? `everything that it only read is finite, at most ${largest.most.toPrecision(3)} in ${labelOf(largest.seen)}`
    : "it only read integers";
}
