// A profile compared with an adapter's ceilings: the roofline model (Williams, Waterman and Patterson 2009). A kernel
// that does `flop` operations on `bytes` of memory takes at least flop / flops seconds, and at least bytes / bandwidth;
// the larger of the two is its floor.
import type { ExplainedDispatch } from "./explain.ts";
import type { Profile } from "./profile.ts";

/** What an adapter can reach, measured on it or stated. */
export interface Ceilings {
  /** Floating-point operations per second; a multiply-add counts as two. */
  readonly flops: number;
  /** Bytes per second, read and written. */
  readonly bandwidth: number;
}

/** The least time that a dispatch could take, and what bounds it. */
export interface Floor {
  readonly seconds: number;
  readonly bound: "arithmetic" | "memory";
}

/** A kernel of a profile: all of its dispatches together. */
export interface RooflineRow {
  readonly label: string;
  readonly launches: number;
  readonly seconds: number;
  /** Its fraction of the time of all dispatches. */
  readonly share: number;
  readonly flop: number;
  readonly bytes: number;
  /** The operations per second that it reached. */
  readonly flops: number;
  /** The bytes per second that it reached. */
  readonly bandwidth: number;
  /** The sum of its dispatches' floors, and what bounds most of it. */
  readonly floor: Floor;
}

/** Returns the floor of a dispatch, if every array that it touches passes once between memory and the adapter. */
export function floorOf(
  { flop, bytesRead, bytesWritten }: Pick<ExplainedDispatch, "flop" | "bytesRead" | "bytesWritten">,
  { flops, bandwidth }: Ceilings,
): Floor {
  const arithmetic = flop / flops;
  const memory = (bytesRead + bytesWritten) / bandwidth;
  return arithmetic > memory
    ? { seconds: arithmetic, bound: "arithmetic" }
    : { seconds: memory, bound: "memory" };
}

/** Returns the sum of floors, bound by what bounds most of it. */
export function sumFloors(floors: readonly Floor[]): Floor {
  const sum = (of: readonly Floor[]): number => of.reduce((total, each) => total + each.seconds, 0);
  const arithmetic = sum(floors.filter(({ bound }) => bound === "arithmetic"));
  const seconds = sum(floors);
  return { seconds, bound: arithmetic > seconds / 2 ? "arithmetic" : "memory" };
}

/** Groups items by key, in the order of each group's first item. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

/** Returns a profile's kernels, the most time-consuming first. */
export function roofline(profile: Profile, ceilings: Ceilings): readonly RooflineRow[] {
  const rows = groupBy(profile.dispatches, ({ label }) => label).map((own): RooflineRow => {
    const sum = (of: (each: (typeof own)[number]) => number): number =>
      own.reduce((total, each) => total + of(each), 0);
    const seconds = sum((each) => each.seconds);
    const flop = sum((each) => each.flop);
    const bytes = sum((each) => each.bytesRead + each.bytesWritten);
    return {
      label: own[0]!.label,
      launches: own.length,
      seconds,
      share: seconds / profile.seconds,
      flop,
      bytes,
      flops: flop / seconds,
      bandwidth: bytes / seconds,
      floor: sumFloors(own.map((each) => floorOf(each, ceilings))),
    };
  });
  return rows.toSorted((a, b) => b.seconds - a.seconds);
}
