// The ranks of an MPI job. All exchanges are polled, so that the event loop goes on while a rank waits for slower ones:
// signals and the GPU's promises still arrive. Only once every rank is there does a long exchange block, and a thread
// watches it.
import { hostname } from "node:os";
import { setImmediate, setTimeout } from "node:timers/promises";
import { RanksError } from "../gpu/errors.ts";
import type { Ranks } from "../gpu/ranks.ts";
import { halfSums } from "./half-sums.ts";
import { launchIn, type Launch } from "./launcher.ts";
import { loadMpi, type MpiLibrary } from "./library.ts";
import { watchCalls, type Watch } from "./watch.ts";

type Bytes = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** What the exchanges so far have cost. */
export interface Traffic {
  /** Bytes that this rank has sent, if the library reduces as cheaply as can be. */
  readonly bytes: number;
  readonly exchanges: number;
  /** Seconds in exchanges, waiting for other ranks included. */
  readonly seconds: number;
}

/** The ranks of an MPI job, with what a command needs besides the engine's exchanges. */
export interface MpiRanks extends Ranks {
  /** The MPI library, such as `Open MPI v4.1.4`. */
  readonly version: string;
  /** What started the ranks, such as `Open MPI's mpirun`. */
  readonly launcher: string;
  /** The name of each rank's host. */
  readonly hosts: readonly string[];
  /** This rank's number among those of its host. */
  readonly localRank: number;
  readonly traffic: () => Traffic;
  /** Gives each rank its one of `size` equal parts, and puts those for this one one after another, in their order. */
  readonly exchange: (
    parts: Uint8Array<ArrayBuffer>,
    got: Uint8Array<ArrayBuffer>,
  ) => Promise<void>;
  /** Returns the bytes of rank 0 on every rank; the others pass undefined. */
  readonly broadcast: (
    bytes: Uint8Array<ArrayBuffer> | undefined,
  ) => Promise<Uint8Array<ArrayBuffer>>;
  /** Gives rank 0's values to every rank, in place. */
  readonly copyFromFirst: (values: Bytes) => Promise<void>;
  /** Returns the texts of all ranks, in their order. */
  readonly gatherTexts: (text: string) => Promise<readonly string[]>;
  /** Ends all ranks at once, whatever they do; the exit code is this process's. */
  readonly abort: (code: number) => void;
  /** Leaves the job once all ranks do, as every rank must before it ends. */
  readonly close: () => Promise<void>;
}

/** How ranks are opened. */
export interface RanksOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * The most seconds that a rank waits in an exchange for the others, once they train at the same pace: until then, 30
   * minutes. Default: 30 minutes.
   */
  readonly patience?: number | undefined;
}

const PATIENCE = 1800; // seconds: rank 0 may be writing, or judging samples, while the others wait
const AT_PACE = 4; // sums: two steps of two networks, in which some adapters still compile kernels
const SPIN_MS = 1; // for how long a rank polls without pause: balanced ranks come within this time
const SHORT = 2 ** 16; // bytes: what is shorter is polled to its end

/**
 * Joins the MPI job that this process was started in. Throws `RanksError` if no launcher started it, if there is no MPI
 * library, or if the launcher's and the library's makes differ.
 */
export async function openRanks(options: RanksOptions = {}): Promise<MpiRanks> {
  const { env = process.env, patience = PATIENCE } = options;
  const launch = launchIn(env);
  if (!launch) {
    throw new RanksError(
      "MPI: no launcher started this process; start the ranks with mpirun, or with srun in a Slurm job: mpirun -n 2 npx longhand train --distributed mpi",
    );
  }
  const mpi = await loadMpi(launch, env["LONGHAND_MPI"]);
  return join(mpi, launch, patience);
}

async function join(mpi: MpiLibrary, launch: Launch, patience: number): Promise<MpiRanks> {
  const { call, constants, version } = mpi;
  const { world, float, byte, sum: add, inPlace, ignoreStatus } = constants;
  const NULL = 0n;
  const check = (what: string, code: number): void => {
    if (code !== 0) throw new RanksError(`MPI: ${what} failed: ${errorWords(mpi, code)}`);
  };
  const cell = new Int32Array(new ArrayBuffer(16));
  check("MPI_Init_thread", call.Init_thread(NULL, NULL, constants.funneled, cell));
  check("MPI_Comm_set_errhandler", call.Comm_set_errhandler(world, constants.errorsReturn));
  check("MPI_Comm_rank", call.Comm_rank(world, cell));
  const rank = cell[0]!;
  check("MPI_Comm_size", call.Comm_size(world, cell));
  const size = cell[0]!;
  if (launch.size !== undefined && launch.size !== size) {
    call.Finalize();
    throw new RanksError(
      `MPI: ${launch.words} started ${launch.size} ranks, but ${version} sees ${size}: they are of different makes, or Slurm's --mpi doesn't suit this library (srun --mpi=list shows what there is); use the mpirun of ${version}, or name its library: LONGHAND_MPI=/path/to/libmpi.so`,
    );
  }

  const counted = { bytes: 0, exchanges: 0, seconds: 0 };
  let sums = 0;
  const mostSeconds = (): number => (sums < AT_PACE ? Math.max(patience, PATIENCE) : patience);
  const free: BigUint64Array<ArrayBuffer>[] = [];
  /** Memory for a request: MPI writes to it until the exchange is done. */
  const takeRequest = (): BigUint64Array<ArrayBuffer> =>
    free.pop() ?? new BigUint64Array(new ArrayBuffer(8));

  const inUse = new Set<Bytes>();
  /**
   * Makes sure that arrays stay where they are and alive until an exchange is done: V8 keeps arrays of up to 64 bytes on
   * its own heap, where it moves them, until somebody asks for their buffer.
   */
  const hold = (...arrays: readonly Bytes[]): void => {
    for (const array of arrays) if (array.buffer) inUse.add(array);
  };

  /** Waits for a request, then lets go of its arrays. */
  const poll = async (
    what: string,
    request: BigUint64Array<ArrayBuffer>,
    ...held: readonly Bytes[]
  ): Promise<void> => {
    const began = performance.now();
    const most = mostSeconds();
    for (;;) {
      check(what, call.Test(request, cell, ignoreStatus));
      if (cell[0] !== 0) break;
      const waited = performance.now() - began;
      if (waited > most * 1000) {
        throw new RanksError(`MPI: ${what}: ${missingWords(most)}`);
      }
      if (waited < SPIN_MS) await setImmediate();
      else await setTimeout(1);
    }
    free.push(request);
    for (const array of held) inUse.delete(array);
  };
  const count = (began: number, bytes: number): void => {
    counted.bytes += bytes;
    counted.exchanges += 1;
    counted.seconds += (performance.now() - began) / 1000;
  };
  let watch: Watch | undefined;
  /** Makes a call that blocks, watched. */
  const block = (what: string, blocking: () => number): void => {
    watch ??= watchCalls(
      `longhand: rank ${rank} of ${size} (on ${hostname()}): MPI: an exchange that blocks: ${missingWords("%")}\n`,
    );
    check(what, watch.over(mostSeconds(), blocking));
  };
  const arrive = async (): Promise<void> => {
    const request = takeRequest();
    check("MPI_Ibarrier", call.Ibarrier(world, request));
    await poll("MPI_Ibarrier", request);
  };

  const sum: Ranks["sum"] = async (values, type) => {
    await (type === "f16" ? inHalves(values) : inWhole(values));
    sums += 1;
  };
  const inWhole = async (values: Float32Array<ArrayBuffer>): Promise<void> => {
    const began = performance.now();
    const { length, byteLength } = values;
    if (byteLength <= SHORT) {
      const request = takeRequest();
      hold(values);
      check("MPI_Iallreduce", call.Iallreduce(inPlace, values, length, float, add, world, request));
      await poll("MPI_Iallreduce", request, values);
    } else {
      // Two to three times as fast as a sum that is polled, in both makes.
      await arrive();
      block("MPI_Allreduce", () => call.Allreduce(inPlace, values, length, float, add, world));
    }
    count(began, (byteLength * 2 * (size - 1)) / size);
  };
  /** Calls a function that takes the bytes to give and those to get, polled if they are few. `length` is a part's. */
  const swap = async (
    name: "allgather" | "alltoall",
    given: Bytes,
    got: Bytes,
    length: number,
  ): Promise<void> => {
    const began = performance.now();
    if (got.byteLength <= SHORT) {
      const request = takeRequest();
      hold(given, got);
      const code = call[`I${name}`](given, length, byte, got, length, byte, world, request);
      check(`MPI_I${name}`, code);
      await poll(`MPI_I${name}`, request, given, got);
    } else {
      const whole = name === "allgather" ? call.Allgather : call.Alltoall;
      await arrive();
      block(`MPI_${name}`, () => whole(given, length, byte, got, length, byte, world));
    }
    count(began, length * (size - 1));
  };
  const gather: Ranks["gather"] = async (part, all) =>
    swap("allgather", part, all, part.byteLength);
  const exchange: MpiRanks["exchange"] = async (parts, got) =>
    swap("alltoall", parts, got, parts.byteLength / size);
  const halves = new Map<number, ReturnType<typeof halfSums>>(); // by the array's length
  const inHalves = async (values: Float32Array<ArrayBuffer>): Promise<void> => {
    const { length } = values;
    const sumHalves = halves.get(length) ?? halfSums({ size, exchange, gather }, length);
    halves.set(length, sumHalves);
    await sumHalves(values);
  };
  const copyFromFirst = async (values: Bytes): Promise<void> => {
    const began = performance.now();
    const request = takeRequest();
    hold(values);
    check("MPI_Ibcast", call.Ibcast(values, values.byteLength, byte, 0, world, request));
    await poll("MPI_Ibcast", request, values);
    count(began, rank === 0 ? values.byteLength : 0);
  };
  const broadcast: MpiRanks["broadcast"] = async (bytes) => {
    const length = Float64Array.of(bytes?.length ?? 0);
    const head = new Uint8Array(length.buffer);
    await copyFromFirst(head);
    const own = bytes ?? new Uint8Array(length[0]!);
    if (own.length > 0) await copyFromFirst(own);
    return own;
  };
  const gatherTexts = async (text: string): Promise<readonly string[]> => {
    const own = new TextEncoder().encode(text);
    const lengths = new Uint8Array(8 * size);
    await gather(new Uint8Array(Float64Array.of(own.length).buffer), lengths);
    const each = [...new Float64Array(lengths.buffer)];
    const most = Math.max(1, ...each);
    const part = new Uint8Array(most);
    part.set(own);
    const all = new Uint8Array(most * size);
    await gather(part, all);
    return each.map((length, at) =>
      new TextDecoder().decode(all.subarray(at * most, at * most + length)),
    );
  };
  const hosts = await gatherTexts(hostname());
  return {
    rank,
    size,
    version,
    launcher: launch.words,
    hosts,
    localRank:
      launch.localRank ?? hosts.slice(0, rank).filter((host) => host === hosts[rank]).length,
    traffic: () => ({ ...counted }),
    sum,
    exchange,
    gather,
    copyFromFirst,
    broadcast,
    gatherTexts,
    // MPICH's abort may wait for a launcher that it can't reach any more.
    abort: (code) => void watchCalls("").over(ABORT_SECONDS, () => call.Abort(world, code)),
    close: async () => {
      // MPICH 4.0.2 over TCP can hang in MPI_Finalize: a rank waits for answers of others, which are already past
      // answering. So ranks meet several times, in barriers that block, until all have answered.
      sums = 0; // nobody keeps pace any more: rank 0 may still be drawing and saving
      await arrive();
      for (let time = 0; time < MEETINGS; time += 1) {
        block("MPI_Barrier", () => call.Barrier(world));
        await setTimeout(MEETING_MS);
      }
      block("MPI_Finalize", () => call.Finalize());
      await watch?.stop();
    },
  };
}

/** What a rank says that has waited in vain, for so many seconds. */
const missingWords = (seconds: number | string): string =>
  `the other ranks have not come for ${seconds} s; one of them hangs, or a link between the nodes is down`;

const ABORT_SECONDS = 1;
const MEETINGS = 5;
const MEETING_MS = 20;

function errorWords({ call }: MpiLibrary, code: number): string {
  const words = new Uint8Array(new ArrayBuffer(1024));
  const length = new Int32Array(new ArrayBuffer(8));
  if (call.Error_string(code, words, length) !== 0) return `error ${code}`;
  return new TextDecoder().decode(words.subarray(0, length[0]!));
}
