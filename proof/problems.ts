// What is wrong with a case of the op table on a device, in each variant of the kernels that it launches.
import type { Device } from "../src/gpu/device.ts";
import type { Variant } from "../src/kernels/variant.ts";
import type { Case } from "./case.ts";
import { judge, recordCase, referenceError } from "./drive.ts";
import { SLACK, withSlack } from "./guard.ts";
import { astray, variantsOf, withVariant } from "./variants.ts";

/** Central differences of step 1e-5 in float64 leave about this much. */
const CLOSE = 1e-6;

/** How a case went on a device in one variant of its kernels. */
export interface VariantVerdict {
  /** Undefined if none of the case's kernels has variants. */
  readonly variant: Variant | undefined;
  /** The labels of the dispatches that ran. */
  readonly labels: readonly string[];
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
}

/**
 * Runs a case in each variant of the kernels that it launches, and compares it with its float64 answers. `counts` says
 * which variants to run.
 */
export async function verdictsOf(
  device: Device,
  each: Case,
  counts: (variant: Variant) => boolean = () => true,
): Promise<readonly VariantVerdict[]> {
  // With the slack that it is judged with: where arrays start is written into pipelines.
  const recorded = await withSlack(device, SLACK, async () => recordCase(device, each));
  const variants = variantsOf(device, recorded, each);
  const verdicts: VariantVerdict[] = [];
  for (const variant of variants.length > 0 ? variants.filter(counts) : [undefined]) {
    const run = (): ReturnType<typeof judge> => judge(device, each);
    const { dispatches, problems } = await (variant ? withVariant(device, variant, run) : run());
    const strays = variant
      ? astray(variant, dispatches, each).map((label) => `${label} ran instead`)
      : [];
    const labels = [...new Set(dispatches.map(({ label }) => label))];
    verdicts.push({ variant, labels, problems: [...problems, ...strays] });
  }
  return verdicts;
}

/** What is wrong with a case, in words: its reference, or the device in one of the kernels' variants. */
export async function problemsOf(
  device: Device,
  each: Case,
  counts?: (variant: Variant) => boolean,
): Promise<readonly string[]> {
  const error = each.smooth === false ? 0 : referenceError(each);
  const ofReference = error < CLOSE ? [] : [`the reference's gradients are off by ${error}`];
  const verdicts = await verdictsOf(device, each, counts);
  if (verdicts.length === 0) return ["it has no such variant"];
  return [
    ...ofReference,
    ...verdicts.flatMap(({ variant, problems }) =>
      problems.map((problem) => (variant ? `${variant}: ${problem}` : problem)),
    ),
  ];
}
