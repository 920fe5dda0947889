// What to say where ranks are tied to fewer cores than their host has: up to two of them, Open MPI's mpirun ties to one
// core each.

/** The cores of the host of some ranks. */
export interface Cores {
  /** What started the ranks, as `Launch.words` has it. */
  readonly launcher: string;
  /** How many of them run on this host. */
  readonly ranks: number;
  /** Cores that a rank may run on, and those of the host. */
  readonly own: number;
  readonly all: number;
}

/** Returns what to do about cores that no rank may use, if the launcher has tied them down; otherwise undefined. */
export function idleCoresWords({ launcher, ranks, own, all }: Cores): string | undefined {
  if (launcher !== "Open MPI's mpirun" || ranks * own >= all) return undefined;
  return `mpirun has tied each rank to ${own} of ${all} cores: with --bind-to none they share all of them, which is faster where shaders run on the CPU`;
}
