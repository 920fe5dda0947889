// The machine's MPI library, through koffi: exchanges of real ranks under both makes' mpirun, and what is refused.
import { describe, expect, test } from "vitest";
import { launchIn } from "../../src/mpi/launcher.ts";
import { loadMpi } from "../../src/mpi/library.ts";
import { openRanks } from "../../src/mpi/ranks.ts";
import { isInstalled, MAKES, startRanks } from "../support/mpirun.ts";

const RANKS = 3;

for (const launcher of MAKES) {
  describe.skipIf(!isInstalled(launcher))(
    `${launcher.make} (skipped without ${launcher.launcher})`,
    () => {
      test("sums, exchanges, gathers and broadcasts, while the event loop goes on", async () => {
        // As between hosts: MPICH's ranks, which exchange through UCX, could not end over TCP.
        const overTcp = { UCX_TLS: "tcp,self", OMPI_MCA_btl: "tcp,self" };
        const script = ["test/mpi/exchanges.ts"];
        const { code, out, err } = await startRanks(launcher, RANKS, script, overTcp).ended;
        expect(code, out + err).toBe(0);
        const said = out
          .trim()
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .map((line) => JSON.parse(line))
          .toSorted((a, b) => a.rank - b.rank);
        expect(said.map(({ rank }) => rank)).toEqual([0, 1, 2]);
        for (const each of said) {
          expect(each).toMatchObject({
            size: RANKS,
            hosts: RANKS,
            localRank: each.rank,
            short: [18, -4.5], // summed twice
            wrong: -1,
            mixed: 0,
            all: [0, 255, 1, 254, 2, 253],
            wrongly: [-1, -1, -1],
            texts: ["", "é", "éé"],
            heard: [7, 8, 9],
            empty: 0,
          });
          expect(each.version).toContain(launcher.make);
        }
        const turnsOfWaiting = said.filter(({ rank }) => rank !== 1).map(({ turns }) => turns);
        expect(Math.min(...turnsOfWaiting)).toBeGreaterThan(5);
        const sums = 4 * (100_003 + 2 * 2 + 300) * (4 / 3) + 300 * 2;
        const swapped = (2 + 50_000 + 100_000) * 2;
        expect(said[1].bytes).toBeGreaterThan(sums + swapped);
        expect(said[1].bytes).toBeLessThan(sums + swapped + 200);
      });

      test("refuses a library of another make, in one line", async () => {
        const other = MAKES.find(({ make }) => make !== launcher.make)!;
        if (!isInstalled(other)) return;
        const name = other.make === "MPICH" ? "libmpich.so.12" : "libmpi.so.40";
        const { code, err } = await startRanks(launcher, 2, ["test/mpi/exchanges.ts"], {
          LONGHAND_MPI: name,
        }).ended;
        expect(code).not.toBe(0);
        expect(err).toMatch(
          new RegExp(
            `RanksError: MPI: .* started 2 ranks, but ${other.make}.* sees 1: .*LONGHAND_MPI`,
          ),
        );
      });
    },
  );
}

test("no launcher, no library and no such library are refused in one line", async () => {
  const refusal = async (refused: Promise<unknown>): Promise<string> =>
    refused.then(
      () => "accepted",
      (error: Error) => `${error.name}: ${error.message}`,
    );
  expect(await refusal(openRanks({ env: {} }))).toBe(
    "RanksError: MPI: no launcher started this process; start the ranks with mpirun, or with srun in a Slurm job: mpirun -n 2 npx longhand train --distributed mpi",
  );
  const slurm = launchIn({ SLURM_PROCID: "0", SLURM_NTASKS: "1" })!;
  expect(await refusal(loadMpi(slurm, "/nowhere/libmpi.so"))).toMatch(
    /^RanksError: MPI: LONGHAND_MPI names "\/nowhere\/libmpi.so", which doesn't load; give the path/,
  );
  expect(await refusal(loadMpi(slurm, "libm.so.6"))).toContain("which is no MPI library");
});

test("launchers are known by the variables that they set", () => {
  expect(launchIn({})).toBeUndefined();
  expect(launchIn({ OMPI_COMM_WORLD_RANK: "" })).toBeUndefined();
  const slurm = { SLURM_PROCID: "0", SLURM_NTASKS: "1" }; // as in a batch script
  const openMpi = {
    OMPI_COMM_WORLD_RANK: "5",
    OMPI_COMM_WORLD_SIZE: "8",
    OMPI_COMM_WORLD_LOCAL_RANK: "1",
  };
  expect(launchIn({ ...slurm, ...openMpi })).toEqual({
    words: "Open MPI's mpirun",
    make: "Open MPI",
    rank: 5,
    size: 8,
    localRank: 1,
  });
  expect(launchIn({ ...slurm, PMI_RANK: "3", PMI_SIZE: "4", MPI_LOCALRANKID: "3" })).toEqual({
    words: "MPICH's mpirun",
    make: "MPICH",
    rank: 3,
    size: 4,
    localRank: 3,
  });
  // srun sets PMI_RANK too, for ranks of either make.
  expect(
    launchIn({ SLURM_PROCID: "2", SLURM_NTASKS: "4", SLURM_LOCALID: "0", PMI_RANK: "2" }),
  ).toEqual({ words: "Slurm", make: undefined, rank: 2, size: 4, localRank: 0 });
});
