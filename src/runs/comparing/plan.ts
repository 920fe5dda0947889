// What a comparison does: which entries, with which seeds, for how long, judged how often and by whom. Two commands
// belong to the same comparison if their plans are equal.
import { UsageError } from "../../gpu/errors.ts";
import { keyPath, show } from "../../gpu/foreign-text.ts";
import { constantsOf, type ConstantValues } from "../constants.ts";
import { COMPARED } from "../defaults.ts";
import type { JudgeName } from "../evaluation/evaluation-file.ts";
import type { Entry } from "./entries.ts";

/** The flags of `compare`; what is undefined has its default. */
export interface CompareFlags {
  readonly width?: number;
  /** How many seeds, and the first of them. */
  readonly seeds?: number;
  readonly firstSeed?: number;
  /** Minutes of steps of each run. */
  readonly minutes?: number;
  /** Steps of each run, in the place of minutes. */
  readonly steps?: number;
  /** Minutes, or steps, between judgings. */
  readonly every?: number;
  /** Samples per judging. */
  readonly count?: number;
  readonly data?: string;
  readonly adapter?: string;
  readonly out?: string;
  /** A file to which the results are written too. */
  readonly keep?: string;
  /** The file of a sweep to gather, in the place of everything that it says itself. */
  readonly sweep?: string;
}

/** The most judgings per run: a page shows them all. */
export const MOST_POINTS = 200;

/** How far each run goes. */
export interface Goal {
  readonly unit: "minutes" | "steps";
  readonly amount: number;
  /** Where runs are judged, in that unit, in order. The last one is `amount`. */
  readonly marks: readonly number[];
}

/** What every run of a comparison shares. */
export interface ComparisonPlan {
  readonly entries: readonly {
    readonly name: string;
    readonly recipe: string;
    readonly constants: ConstantValues;
  }[];
  readonly seeds: readonly number[];
  readonly goal: Goal;
  /** Samples per judging. At the end there are twice as many. */
  readonly count: number;
  readonly data: {
    readonly images: number;
    readonly fingerprint: string;
    readonly testFingerprint: string;
    /** The share of each class in the training set. */
    readonly shares: readonly number[];
  };
  readonly adapter: string;
  readonly judge: JudgeName;
}

/** Returns how far runs go, and where they are judged. Throws `UsageError` on flags that contradict each other. */
export function goalOf({ minutes, steps, every }: CompareFlags): Goal {
  if (minutes !== undefined && steps !== undefined) {
    throw new UsageError("--minutes and --steps: use only one of them; each says how far runs go");
  }
  const unit = steps === undefined ? "minutes" : "steps";
  const amount = steps ?? minutes ?? COMPARED.minutes;
  const usual = amount / COMPARED.points;
  const pace = every ?? (unit === "steps" ? Math.ceil(usual) : usual);
  if (unit === "steps" && !Number.isInteger(pace)) {
    throw new UsageError(`--every ${pace}: with --steps it counts steps; give a whole number`);
  }
  if (pace > amount) {
    throw new UsageError(
      `--every ${pace}: is more than the ${amount} ${unit} of each run; give at most ${amount}`,
    );
  }
  if (amount / pace > MOST_POINTS) {
    throw new UsageError(
      `--every ${pace}: would judge each run more than ${MOST_POINTS} times; give at least ${amount / MOST_POINTS}`,
    );
  }
  const whole = Math.floor(amount / pace + 1e-9);
  const marks = Array.from({ length: whole }, (_, at) => (at + 1) * pace);
  // The last mark is the end itself, without rounding.
  const before = marks.filter((mark) => mark < amount * (1 - 1e-9));
  return { unit, amount, marks: [...before, amount] };
}

/** Returns the seeds that the flags ask for. */
export function seedsOf({
  seeds = COMPARED.seeds,
  firstSeed = 0,
}: CompareFlags): readonly number[] {
  return Array.from({ length: seeds }, (_, at) => firstSeed + at);
}

/** Returns entries as a plan holds them. */
export const plannedEntries = (entries: readonly Entry[]): ComparisonPlan["entries"] =>
  entries.map(({ name, recipe }) => ({
    name,
    recipe: recipe.name,
    constants: constantsOf(recipe),
  }));

/** Throws a `UsageError` that names the first difference unless two plans are equal. */
export function requireSamePlan(folder: string, has: ComparisonPlan, wants: ComparisonPlan): void {
  const found = difference(has, wants, []);
  if (!found) return;
  const [path, there, here] = found;
  throw new UsageError(
    `--out ${folder}: holds another comparison (${keyPath(path)} is ${show(there)} there, and ${show(here)} in this command); name another folder, or give the command that began it`,
  );
}

type Difference = readonly [path: readonly string[], there: unknown, here: unknown];

function difference(
  there: unknown,
  here: unknown,
  path: readonly string[],
): Difference | undefined {
  if (Object.is(there, here)) return undefined;
  const [a, b] = [there, here].map((each) =>
    typeof each === "object" && each !== null ? new Map(Object.entries(each)) : undefined,
  );
  if (!a || !b) return [path, there, here];
  if (a.size !== b.size && Array.isArray(there)) return [path, there, here];
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const found = difference(a.get(key), b.get(key), [...path, key]);
    if (found) return found;
  }
  return undefined;
}
