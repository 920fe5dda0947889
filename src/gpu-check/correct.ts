// Runs the op table on an adapter for as long as there is time, and says which kernels are wrong there.
import { VARIANTS } from "../kernels/variant.ts";
import type { Device } from "../gpu/device.ts";
import type { Case } from "../../proof/case.ts";
import { verdictsOf, type VariantVerdict } from "../../proof/problems.ts";
import { f16Cases } from "../../proof/rows/f16.ts";
import { table } from "../../proof/table.ts";
import { labelOf } from "../../proof/variants.ts";
import type { Correctness, Fault } from "./report.ts";

/** A case of the table, and the op that it is of. */
export interface OpCase {
  readonly op: string;
  readonly each: Case;
  /** Whether it stores activations in 16 bits. */
  readonly half: boolean;
}

/** The ops whose kernels have many variants. */
const HEAVY: readonly string[] = ["conv2d", "convTranspose2d", "matmul"];

/**
 * Returns the table's cases in the order of a check: the first of each op, then the second of each, and so on, so that
 * little time still meets many kernels. The heavy kernels' come first in each round, and of them those that run in
 * every variant.
 */
export function casesInOrder(device: Device): readonly OpCase[] {
  const rows = Object.entries(table);
  const inEveryVariant = (each: Case): boolean => Boolean(each.lanes) || Boolean(each.workgroup);
  const lists: OpCase[][] = [];
  const add = (op: string, cases: readonly Case[], half = false): void =>
    void lists.push(cases.map((each) => ({ op, each, half })));
  for (const [op, { cases }] of rows.filter(([name]) => HEAVY.includes(name))) {
    add(op, [...cases.filter(inEveryVariant), ...cases.filter((each) => !inEveryVariant(each))]);
  }
  if (device.gpu.features.has("shader-f16")) {
    for (const [op, cases] of Object.entries(f16Cases)) add(op, cases, true);
  }
  for (const [op, { cases }] of rows.filter(([name]) => !HEAVY.includes(name))) add(op, cases);
  const rounds = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, i) =>
    lists.flatMap((list) => list.slice(i, i + 1)),
  ).flat();
}

/** How to check. */
export interface CorrectOptions {
  /** When to stop, as a time of `performance.now()`. */
  readonly end: number;
  /** Default: all of `casesInOrder`. */
  readonly cases?: readonly OpCase[];
  readonly onCase?: (done: number, total: number, now: OpCase | undefined) => void;
  readonly stop?: () => boolean;
}

/**
 * Compares the kernels of the ops, in all their variants, with float64. Throws `GpuError` and `DeviceLostError` as the
 * device does.
 */
export async function checkKernels(
  device: Device,
  { end, cases = casesInOrder(device), onCase, stop = () => false }: CorrectOptions,
): Promise<Correctness> {
  const kernels = new Map<string, { cases: number; wrong: number }>();
  const faults: Fault[] = [];
  const barred = new Set<string>();
  let done = 0;
  let f16: boolean | null = null;
  for (const { op, each, half } of cases) {
    if (performance.now() > end || stop()) break;
    onCase?.(done, cases.length, { op, each, half });
    const verdicts = await verdictsOf(device, each);
    for (const verdict of verdicts) {
      const wrong = verdict.problems.length > 0 ? 1 : 0;
      for (const label of verdict.labels) {
        const known = kernels.get(label) ?? { cases: 0, wrong: 0 };
        kernels.set(label, { cases: known.cases + 1, wrong: known.wrong + wrong });
      }
      const variant = verdict.variant ?? null;
      faults.push(
        ...verdict.problems.map((problem) => ({ op, case: each.name, variant, problem })),
      );
    }
    for (const name of wrongVariants(verdicts)) barred.add(name);
    if (half) f16 = (f16 ?? true) && verdicts.every(({ problems }) => problems.length === 0);
    done += 1;
  }
  onCase?.(done, cases.length, undefined);
  return {
    cases: done,
    left: cases.length - done,
    kernels: [...kernels]
      .map(([label, counts]) => ({ label, ...counts }))
      .toSorted((a, b) => (a.label < b.label ? -1 : 1)),
    faults,
    barred: [...barred].toSorted(),
    f16,
  };
}

/** Returns the variants, as `kernel.variant`, that a case had a wrong answer in while it had a right one in another. */
export function wrongVariants(verdicts: readonly VariantVerdict[]): readonly string[] {
  if (verdicts.every(({ problems }) => problems.length > 0)) return []; // nothing to use in their place
  return verdicts.flatMap(({ variant, labels, problems }) =>
    variant === undefined || problems.length === 0
      ? []
      : Object.keys(VARIANTS)
          .filter(
            (kernel) =>
              VARIANTS[kernel]!.includes(variant) && labels.includes(labelOf(kernel, variant)),
          )
          .map((kernel) => `${kernel}.${variant}`),
  );
}
