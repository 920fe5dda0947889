// What `train` does: trains alone, or joins the ranks of an MPI job, trains with them, and ends all of them if one fails.
import { availableParallelism, cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { idleCoresWords } from "../../mpi/idle-cores.ts";
import type { MpiRanks } from "../../mpi/ranks.ts";
import { trainRun } from "../../runs/training/train.ts";
import type { TrainFlags } from "../../runs/training/draft-run.ts";
import type { Ui } from "../../runs/ui.ts";
import { report } from "../../terminal/failure.ts";
import { terminal } from "../../terminal/ui.ts";

/** For how long a rank leaves it to rank 0 to report the error that all have met. */
const LEADERS_TURN_MS = 4000;

/** A terminal that hears signals and shows nothing: rank 0 speaks for all. */
const silent: Ui = {
  ...terminal,
  print: () => undefined,
  remark: () => undefined,
  bars: () => undefined,
};

/** Trains as the flags say. Throws a `LonghandError`; once ranks are joined, an error ends all of them. */
export async function train(flags: TrainFlags): Promise<void> {
  if (!flags.distributed) return trainRun(terminal, flags);
  const { openRanks } = await import("../../mpi/ranks.ts");
  const ranks = await openRanks({ patience: flags.patience });
  try {
    await trainAs(ranks, flags);
    await ranks.close();
  } catch (error) {
    // If all ranks have met the same error, rank 0 says it and ends the job.
    if (ranks.rank > 0) await setTimeout(LEADERS_TURN_MS);
    const { rank, size, hosts } = ranks;
    const code = report(error, rank > 0 ? `rank ${rank} of ${size} (on ${hosts[rank]}): ` : "");
    ranks.abort(code);
  }
}

async function trainAs(ranks: MpiRanks, flags: TrainFlags): Promise<void> {
  if (ranks.rank > 0) {
    const { follow } = await import("../../runs/training/follow.ts");
    return follow(silent, flags, ranks);
  }
  const { size, hosts, version, launcher } = ranks;
  terminal.print(`${size} ranks on ${hostWords(hosts)}, through ${version}`);
  const [own, all] = [availableParallelism(), cpus().length];
  const here = hosts.filter((host) => host === hosts[0]).length;
  const advice = idleCoresWords({ launcher, ranks: here, own, all });
  if (advice !== undefined) terminal.remark(advice);
  if (size === 1) return trainRun(terminal, flags);
  const { leadTeam } = await import("../../runs/training/team.ts");
  const began = performance.now();
  await trainRun(terminal, flags, { team: leadTeam(ranks) });
  terminal.print(trafficWords(ranks, (performance.now() - began) / 1000));
}

function hostWords(hosts: readonly string[]): string {
  const names = [...new Set(hosts)];
  return names.length === 1 ? names[0]! : `${names.length} hosts`;
}

function trafficWords({ traffic }: MpiRanks, all: number): string {
  const { bytes, exchanges, seconds } = traffic();
  const share = Math.round((100 * seconds) / all);
  return `Rank 0 sent ${(bytes / 1e6).toFixed(1)} MB in ${exchanges} exchanges, which took ${seconds.toFixed(1)} s, ${share} % of the time`;
}
