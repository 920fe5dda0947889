// `npm run bench -- peers --kernels`: times the heavy kernels one by one, in each library in turn.
import { GpuError } from "../src/gpu/errors.ts";
import type { ContestantName } from "./contestants/messages.ts";
import { kernelRows, type KernelRow } from "./contestants/kernel-rows.ts";
import type { Remote } from "./contestants/start.ts";
import { median, progress, progressDone, table } from "./reports.ts";

/** The measurement of one kernel: 10⁹ floating-point operations per second at the median, and all times. */
export interface KernelRecord {
  readonly name: string;
  readonly flop: number;
  readonly gigaflops: Readonly<Record<string, number>>;
  readonly milliseconds: Readonly<Record<string, readonly number[]>>;
}

/** Float32 sums that are added in different orders differ by much less. */
const TOLERANCE = 1e-4;
/** The goal: this many times as fast as the better peer if that exceeds `FAST` GFLOP/s, otherwise at least as fast. */
const GOAL = 3;
const FAST = 2;

/** Times every kernel in rounds, in turn, and prints a table. Throws `GpuError` if results differ. */
export async function comparePeerKernels(
  remotes: readonly Remote[],
  batch: number,
  rounds: number,
  asked: () => boolean,
): Promise<KernelRecord[]> {
  const records: KernelRecord[] = [];
  for (const row of kernelRows(batch)) {
    if (asked()) break;
    progress(row.name);
    await setUp(remotes, row);
    const times = new Map(remotes.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const remote of remotes) {
        times.get(remote.name)!.push((await remote.launch()).milliseconds);
      }
    }
    records.push({
      name: row.name,
      flop: row.flop,
      gigaflops: Object.fromEntries(
        [...times].map(([name, each]) => [name, row.flop / median(each) / 1e6]),
      ),
      milliseconds: Object.fromEntries(times),
    });
  }
  progressDone();
  show(
    records,
    remotes.map(({ name }) => name),
    batch,
  );
  return records;
}

/** Sets up a kernel in every library, and compares their results. */
async function setUp(remotes: readonly Remote[], row: KernelRow): Promise<void> {
  const norms: number[] = [];
  for (const remote of remotes) norms.push(await remote.kernel(row));
  const [own = 0, ...others] = norms;
  others.forEach((theirs, i) => {
    if (Math.abs(theirs - own) <= TOLERANCE * own) return;
    const { name } = remotes[i + 1]!;
    throw new GpuError(
      `check: ${row.name}: the result's norm is ${theirs} in ${name}, ${own} in Longhand; they don't compute the same`,
    );
  });
}

function show(
  records: readonly KernelRecord[],
  names: readonly ContestantName[],
  batch: number,
): void {
  console.log(
    `\nGFLOP/s of one launch, batch ${batch}; goal: as fast as the better peer, or ${GOAL}× as fast if that exceeds ${FAST}`,
  );
  console.log(
    table(
      ["", ...names, "goal", ""],
      records.map(({ name, gigaflops }) => {
        const best = Math.max(...names.slice(1).map((peer) => gigaflops[peer]!));
        const goal = best > FAST ? GOAL * best : best;
        const own = gigaflops["longhand"]!;
        return [
          name,
          ...names.map((each) => gigaflops[each]!.toFixed(2)),
          `≥ ${goal.toFixed(2)}`,
          own >= goal ? "ok" : `short by ${(goal / own).toFixed(2)}×`,
        ];
      }),
    ),
  );
}
