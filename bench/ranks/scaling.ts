// `npm run bench -- scaling --ranks 1,2,4`: a step that ranks share, what its parts cost, and what a model of them says
// of networks and numbers of GPUs that aren't here.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../src/gpu/errors.ts";
import { wordsOf } from "../../src/gpu/foreign-text.ts";
import { checkReport, duration, progress, progressDone, table, writeReport } from "../reports.ts";
import { efficiency, WIRES, type SharedStep } from "./model.ts";
import type { RankTask, RankTimes } from "./rank.ts";

/** The command's flags. */
export interface RanksFlags {
  readonly ranks: readonly number[];
  readonly recipe: string;
  readonly batch: number;
  readonly rounds: number;
  /** The command that starts ranks. */
  readonly mpirun: string;
  /** ms that a rank's part of the step takes on the GPU in question. */
  readonly gpuMs?: number;
  readonly adapter?: string;
  readonly json?: string;
}

const RANK = fileURLToPath(new URL("rank.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GPUS = [8, 64, 256, 1024];
const GOAL = 1.2; // the most that sums may take, compared with the library's own

/** Times steps of every number of ranks, and prints tables. Throws `UsageError`. */
export async function ranksCommand(flags: RanksFlags): Promise<void> {
  checkReport(flags.json);
  const found: RankTimes[] = [];
  for (const ranks of flags.ranks) {
    progress(`${ranks} ranks: compiling, then ${flags.rounds} rounds`);
    found.push(await timesOf(ranks, flags));
  }
  progressDone();
  console.log(
    `${flags.recipe}, batch ${flags.batch}, on ${found[0]!.adapter}, through ${found[0]!.library}`,
  );
  const host = hostTime(found);
  console.log(
    table(
      [
        "ranks",
        "step",
        "compute",
        "sums",
        "as MPI's",
        "in f16",
        "model",
        "model / step",
        "computing",
      ],
      found.map((each) => {
        const model = modelOf(each, host);
        return [
          String(each.ranks),
          duration(each.step),
          duration(each.compute),
          duration(each.sums),
          each.ranks === 1 ? "" : (each.sums / each.bareSums).toFixed(2),
          duration(each.halfSums),
          duration(model),
          (model / each.step).toFixed(2),
          `${Math.round((100 * each.compute) / each.step)} %`,
        ];
      }),
    ),
  );
  for (const { ranks, sums, bareSums } of found) {
    if (ranks === 1) continue;
    const ratio = sums / bareSums;
    const word = ratio <= GOAL ? "ok" : `short: ${(ratio / GOAL).toFixed(2)}× the goal`;
    console.log(
      `${ranks} ranks: sums take ${ratio.toFixed(2)}× MPI's own (goal ≤ ${GOAL}): ${word}`,
    );
  }
  const step = stepOf(found, host, flags.gpuMs);
  if (step) {
    console.log(
      `\nEfficiency if each GPU keeps its part (${duration(step.compute)} of compute, ${duration(step.host)} of copies):`,
    );
    console.log(table(["GPUs", ...WIRES.map(({ name }) => name)], efficiencies(step)));
  }
  writeReport(flags.json, "scaling-ranks", {
    ...flags,
    found,
    host,
    gpus: step && efficiencies(step),
  });
}

const efficiencies = (step: SharedStep): readonly (readonly string[])[] =>
  GPUS.map((ranks) => [
    String(ranks),
    ...WIRES.map((wire) => `${(100 * efficiency(step, wire, ranks)).toFixed(1)} %`),
  ]);

/** Returns what ranks add to a step besides compute and exchanges, from the fewest ranks above one. */
function hostTime(found: readonly RankTimes[]): number {
  const first = found.find(({ ranks }) => ranks > 1);
  return first ? Math.max(0, first.step - modelOf(first, 0)) : 0;
}

/** Returns the ms of a step as the sum of its parts. */
function modelOf({ ranks, compute, sums, exchanges, gather }: RankTimes, host: number): number {
  if (ranks === 1) return compute;
  return compute + sums + (exchanges - 2) * gather + host;
}

function stepOf(
  found: readonly RankTimes[],
  host: number,
  gpuMs: number | undefined,
): SharedStep | undefined {
  const shared = found.find(({ ranks }) => ranks > 1);
  if (!shared) return undefined;
  const { compute, parameters, exchanges, joinBytes } = shared;
  return { compute: gpuMs ?? compute, host, parameters, joins: exchanges - 2, joinBytes };
}

/** Starts the ranks, and returns what rank 0 found. Throws `UsageError` if they don't start or fail. */
async function timesOf(ranks: number, flags: RanksFlags): Promise<RankTimes> {
  const { recipe, batch, rounds, adapter } = flags;
  const task: RankTask = { recipe, batch, rounds, adapter };
  const [command, ...own] = flags.mpirun.split(" ");
  const args = [...own, "-n", String(ranks), process.execPath, "--import", "tsx", RANK];
  const out = await new Promise<string>((resolve, reject) => {
    execFile(
      command!,
      [...args, JSON.stringify(task)],
      { cwd: ROOT },
      (error, said, complaints) => {
        if (!error) return resolve(said);
        const lines = complaints.split("\n").filter((line) => /\w/.test(line));
        const last = lines.find((line) => /Error|longhand|not /.test(line)) ?? lines[0];
        reject(
          new UsageError(
            `scaling: ${ranks} ranks didn't run (${last ?? wordsOf(error)}); --mpirun names the command that starts them, such as "mpirun --oversubscribe"`,
          ),
        );
      },
    );
  });
  const line = out.split("\n").find((each) => each.startsWith("{"));
  if (line === undefined) throw new UsageError(`scaling: ${ranks} ranks said nothing`);
  return JSON.parse(line);
}
