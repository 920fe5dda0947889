// What is said where ranks are tied to fewer cores than their host has.
import { expect, test } from "vitest";
import { idleCoresWords } from "../../src/mpi/idle-cores.ts";

const OPEN_MPI = "Open MPI's mpirun";

test("cores that no rank may use are named, with what to do, under Open MPI alone", () => {
  expect(idleCoresWords({ launcher: OPEN_MPI, ranks: 2, own: 1, all: 8 })).toBe(
    "mpirun has tied each rank to 1 of 8 cores: with --bind-to none they share all of them, which is faster where shaders run on the CPU",
  );
  for (const cores of [
    { launcher: OPEN_MPI, ranks: 2, own: 1, all: 2 }, // each has its own
    { launcher: OPEN_MPI, ranks: 2, own: 8, all: 8 }, // with --bind-to none
    { launcher: "MPICH's mpirun", ranks: 1, own: 1, all: 8 }, // as whoever started it wants
    { launcher: "Slurm", ranks: 4, own: 4, all: 64 }, // as the batch file asks
  ]) {
    expect(idleCoresWords(cores)).toBeUndefined();
  }
});
