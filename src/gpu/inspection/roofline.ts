// A profile held against an adapter's ceilings: the roofline model (Williams, Waterman and Patterson 2009).
// A kernel that does `flop` operations on `bytes` of memory can't be faster than flop / flops seconds, nor
// than bytes / bandwidth; the larger one is its floor.
import type { ExplainedDispatch } from "./explain.ts";
import type { Profile } from "./profile.ts";

/** What an adapter reaches, measured on itself or stated. */
export interface Ceilings {
  /** Floating-point operations a second, a multiply-add as two. */
  readonly flops: number;
  /** Bytes a second, read and written. */
  readonly bandwidth: number;
}

/** The least time that a dispatch could take, and what sets it. */
export interface Floor {
  readonly seconds: number;
  readonly bound: "arithmetic" | "memory";
}

/** A kernel of a profile, all of its dispatches together. */
export interface RooflineRow {
  readonly label: string;
  readonly launches: number;
  readonly seconds: number;
  /** Its part of the dispatches' time. */
  readonly share: number;
  readonly flop: number;
  readonly bytes: number;
  /** Operations and bytes a second that it reached. */
  readonly flops: number;
  readonly bandwidth: number;
  /** Its dispatches' floors, and what sets most of them. */
  readonly floor: Floor;
}

/** The floor of a dispatch: every array it touches passes once between memory and the adapter. */
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

/** The sum of floors, bound by what sets most of it. */
export function sumFloors(floors: readonly Floor[]): Floor {
  const sum = (of: readonly Floor[]): number => of.reduce((total, each) => total + each.seconds, 0);
  const arithmetic = sum(floors.filter(({ bound }) => bound === "arithmetic"));
  const seconds = sum(floors);
  return { seconds, bound: arithmetic > seconds / 2 ? "arithmetic" : "memory" };
}

/** Items with the same key, together, in the order of their first ones. */
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

/** A profile's kernels, the longest first. */
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
