// Starts ranks with the machine's mpirun, of either make, for tests.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { ROOT } from "./longhand.ts";

/** The makes of MPI that tests run with, and their mpirun where both are installed. */
export const MAKES = [
  {
    make: "Open MPI",
    launcher: "mpirun.openmpi",
    args: ["--oversubscribe"],
  },
  { make: "MPICH", launcher: "mpirun.mpich", args: [] },
] as const;

/** A make of MPI with its launcher. */
export type Launcher = (typeof MAKES)[number];

/** Whether a make's mpirun is installed. Tests that need it are skipped elsewhere. */
export const isInstalled = ({ launcher }: Launcher): boolean =>
  spawnSync(launcher, ["--version"], { stdio: "ignore" }).status === 0;

/** A job of ranks. */
export interface Job {
  readonly child: ChildProcess;
  /** What all ranks have said so far, on both streams. */
  readonly said: () => string;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly out: string;
    readonly err: string;
  }>;
}

// Each rank first says which process it is, so that a test can end one of them.
const SAYS_PID = 'echo "rank ${OMPI_COMM_WORLD_RANK:-$PMI_RANK} is process $$"; exec "$@"';

/** Returns the process of a rank, once it has said it. */
export function pidOf({ said }: Job, rank: number): number {
  return Number(new RegExp(`rank ${rank} is process (\\d+)`).exec(said())?.[1]);
}

/** Starts `ranks` processes of Node with some arguments. Variables of the environment may be added. */
export function startRanks(
  launcher: Launcher,
  ranks: number,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Job {
  const node = ["sh", "-c", SAYS_PID, "sh", process.execPath, "--import", "tsx"];
  return startJob(launcher, ["-n", String(ranks), ...node, ...args], variables);
}

/** Starts a launcher with some arguments besides those that it needs here. */
export function startJob(
  { launcher, args: own }: Launcher,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Job {
  const child = spawn(launcher, [...own, ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = new Promise<Awaited<Job["ended"]>>((resolve) => {
    child.on("close", (code) => resolve({ code, ...said }));
  });
  return { child, ended, said: () => said.out + said.err };
}
