// What started this process as a rank: the variables that launchers of MPI programs set.

/** A make of MPI. Their libraries can't be exchanged, except through the MPI ABI. */
export type Make = "Open MPI" | "MPICH";

/** How this process was started. */
export interface Launch {
  /** The launcher in words, such as `Open MPI's mpirun`. */
  readonly words: string;
  /** The make of its MPI, if it says so. Slurm starts ranks of both. */
  readonly make: Make | undefined;
  /** This rank's number. */
  readonly rank: number;
  /** How many ranks it started, if it says so. */
  readonly size: number | undefined;
  /** This rank's number on its node, if it says so. */
  readonly localRank: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A launcher, by a variable that it sets, with those that say more. */
const LAUNCHERS = [
  {
    words: "Open MPI's mpirun",
    make: "Open MPI",
    sets: "OMPI_COMM_WORLD_RANK",
    size: "OMPI_COMM_WORLD_SIZE",
    local: "OMPI_COMM_WORLD_LOCAL_RANK",
  },
  {
    words: "Slurm",
    make: undefined,
    sets: "SLURM_PROCID",
    size: "SLURM_NTASKS",
    local: "SLURM_LOCALID",
  },
  {
    words: "MPICH's mpirun",
    make: "MPICH",
    sets: "PMI_RANK",
    size: "PMI_SIZE",
    local: "MPI_LOCALRANKID",
  },
  {
    words: "PALS",
    make: undefined,
    sets: "PALS_RANKID",
    size: undefined,
    local: "PALS_LOCAL_RANKID",
  },
  {
    words: "Flux",
    make: undefined,
    sets: "FLUX_TASK_RANK",
    size: undefined,
    local: "FLUX_TASK_LOCAL_ID",
  },
  { words: "PMIx", make: undefined, sets: "PMIX_RANK", size: undefined, local: undefined },
] as const;

/**
 * Returns how this process was started, or undefined if no launcher of ranks did so. In a batch job, Slurm sets its
 * variables for the script too, so a launcher inside it comes first.
 */
export function launchIn(env: Environment): Launch | undefined {
  const number = (name: string | undefined): number | undefined => {
    const text = name === undefined ? undefined : env[name];
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const inner = LAUNCHERS.filter(({ sets }) => number(sets) !== undefined);
  // MPICH's mpirun sets PMI_RANK, and so does Slurm; inside a batch script only the former also says the local rank.
  const hydra = number("PMI_RANK") !== undefined && number("MPI_LOCALRANKID") !== undefined;
  const found = inner.find(({ words }) => !hydra || words !== "Slurm");
  if (!found) return undefined;
  const { words, make, sets, size, local } = found;
  return { words, make, rank: number(sets)!, size: number(size), localRank: number(local) };
}
