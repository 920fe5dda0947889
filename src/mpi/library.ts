// Finds and loads the machine's MPI library: Open MPI, MPICH and its relatives, or any through the ABI of MPI 5. It is
// loaded with koffi, an optional package, and only when ranks are asked for.
import type { LibraryHandle } from "koffi";
import { RanksError } from "../gpu/errors.ts";
import { quote, wordsOf } from "../gpu/foreign-text.ts";
import type { Launch, Make } from "./launcher.ts";

/** An argument of an MPI function: a number, a handle or address, or memory. */
type Argument = number | bigint | ArrayBufferView<ArrayBuffer>;

/** An MPI function; it returns MPI's error code. */
export type MpiFunction = (...given: readonly Argument[]) => number;

/** A loaded library: its functions and the values of its constants. */
export interface MpiLibrary {
  /** What it calls itself, such as `Open MPI v4.1.4`. */
  readonly version: string;
  readonly call: Readonly<Record<FunctionName, MpiFunction>>;
  readonly constants: Constants;
}

/** MPI's constants; their values differ from make to make. */
interface Constants {
  readonly world: number | bigint;
  readonly float: number | bigint;
  readonly byte: number | bigint;
  readonly sum: number | bigint;
  readonly errorsReturn: number | bigint;
  readonly inPlace: bigint;
  readonly ignoreStatus: bigint;
  /** The level at which only the thread that initialised MPI calls it. */
  readonly funneled: number;
}

/** MPI's functions by what they take: H is a handle, P an address or memory, i an int. */
const FUNCTIONS = {
  Init_thread: "PPiP",
  Get_library_version: "PP",
  Comm_rank: "HP",
  Comm_size: "HP",
  Comm_set_errhandler: "HH",
  Error_string: "iPP",
  Allreduce: "PPiHHH",
  Iallreduce: "PPiHHHP",
  Iallgather: "PiHPiHHP",
  Allgather: "PiHPiHH",
  Ialltoall: "PiHPiHHP",
  Alltoall: "PiHPiHH",
  Ibcast: "PiHiHP",
  Barrier: "H",
  Ibarrier: "HP",
  Test: "PPP",
  Abort: "Hi",
  Finalize: "",
} as const;

type FunctionName = keyof typeof FUNCTIONS;

/** MPICH's handles are integers, equal in all of its relatives since 2013. */
const MPICH: Constants = {
  world: 0x44000000,
  float: 0x4c00040a,
  byte: 0x4c00010d,
  sum: 0x58000003,
  errorsReturn: 0x54000001,
  inPlace: -1n,
  ignoreStatus: 1n,
  funneled: 1,
};

/** The handles of the MPI ABI (MPI 5.0, chapter 20 and appendix A) are addresses with fixed values. */
const ABI: Constants = {
  world: 0x101n,
  float: 0x210n,
  byte: 0x247n,
  sum: 0x21n,
  errorsReturn: 0x143n,
  inPlace: 1n,
  ignoreStatus: 0n,
  funneled: 1024,
};

/** Open MPI's handles are the addresses of variables. */
function openMpi(library: LibraryHandle): Constants {
  const at = (name: string): bigint => library.symbol(name);
  return {
    world: at("ompi_mpi_comm_world"),
    float: at("ompi_mpi_float"),
    byte: at("ompi_mpi_byte"),
    sum: at("ompi_mpi_op_sum"),
    errorsReturn: at("ompi_mpi_errors_return"),
    inPlace: 1n,
    ignoreStatus: 0n,
    funneled: 1,
  };
}

const NAMES: Readonly<Record<Make | "ABI", readonly string[]>> = {
  "Open MPI": ["libmpi.so.40", "libmpi.so", "libmpi.40.dylib"],
  MPICH: ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpi.so", "libmpi.12.dylib"],
  ABI: ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi_abi.so"],
};

const INSTALL: Readonly<Record<Make, string>> = {
  "Open MPI": "Open MPI (Debian, Ubuntu: `apt install openmpi-bin`)",
  MPICH: "MPICH (Debian, Ubuntu: `apt install mpich`)",
};

/** Returns the libraries to try for a launcher, the likeliest first. */
function candidates({ make }: Pick<Launch, "make">): readonly string[] {
  if (make === undefined) return [...NAMES.ABI, ...NAMES["Open MPI"], ...NAMES.MPICH];
  const other: Make = make === "MPICH" ? "Open MPI" : "MPICH";
  return [...NAMES[make], ...NAMES.ABI, ...NAMES[other]];
}

type Koffi = Pick<typeof import("koffi"), "load">;

async function importKoffi(): Promise<Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (cause) {
    throw new RanksError(
      `MPI: the npm package koffi, which calls the MPI library, doesn't load on ${process.platform}-${process.arch} (${wordsOf(cause)}); install it with \`npm install\` without --omit=optional`,
      { cause },
    );
  }
}

interface Loaded {
  readonly name: string;
  readonly library: LibraryHandle;
}

function tryLoad(koffi: Koffi, name: string): Loaded | undefined {
  try {
    return { name, library: koffi.load(name, { global: true }) };
  } catch {
    return undefined;
  }
}

const has = ({ library }: Loaded, symbol: string): boolean => {
  try {
    return library.symbol(symbol) !== undefined;
  } catch {
    return false;
  }
};

/** Returns the make of a library; undefined for one of the ABI, which any make may provide. */
function makeOf(loaded: Loaded): Make | undefined {
  if (loaded.name.includes("mpi_abi")) return undefined;
  return has(loaded, "ompi_mpi_comm_world") ? "Open MPI" : "MPICH";
}

/** Loads the first library that is there and of the launcher's make. Throws `RanksError`. */
function choose(koffi: Koffi, launch: Launch, named: string | undefined): Loaded {
  if (named !== undefined && named !== "") {
    const loaded = tryLoad(koffi, named);
    if (loaded && has(loaded, "MPI_Init_thread")) return loaded;
    throw new RanksError(
      `MPI: LONGHAND_MPI names ${quote(named)}, which ${loaded ? "is no MPI library" : "doesn't load"}; give the path of libmpi.so, libmpich.so or libmpi_abi.so, or unset it`,
    );
  }
  let other: Loaded | undefined;
  for (const name of candidates(launch)) {
    const loaded = tryLoad(koffi, name);
    if (!loaded || !has(loaded, "MPI_Init_thread")) continue;
    const make = makeOf(loaded);
    if (make === undefined || launch.make === undefined || make === launch.make) return loaded;
    other ??= loaded;
  }
  const wanted = launch.make ? INSTALL[launch.make] : `${INSTALL["Open MPI"]} or MPICH`;
  if (!other) {
    throw new RanksError(
      `MPI: no library found; install ${wanted} on every node, or name it: LONGHAND_MPI=/path/to/libmpi.so`,
    );
  }
  const make = makeOf(other)!;
  throw new RanksError(
    `MPI: ${launch.words} started this process, but the only library found is ${make}'s (${other.name}), and the two don't understand each other; install ${wanted}, or start with ${make}'s own mpirun`,
  );
}

/**
 * Loads the MPI library that fits the launcher. `named` is a path to use instead of the usual names. Throws
 * `RanksError` if there is none, or only one of another make.
 */
export async function loadMpi(launch: Launch, named: string | undefined): Promise<MpiLibrary> {
  const koffi = await importKoffi();
  // UCX, which many libraries exchange by, otherwise patches mmap and brk while V8's threads call them: of 40 jobs of
  // three ranks under MPICH 4.0.2, three crashed or hung; without that, none of 60.
  process.env["UCX_MEM_EVENTS"] ??= "no";
  const loaded = choose(koffi, launch, named);
  const { library } = loaded;
  const make = makeOf(loaded);
  const constants = make === "Open MPI" ? openMpi(library) : make === "MPICH" ? MPICH : ABI;
  const types = { H: make === "MPICH" ? "int" : "uintptr_t", P: "void *", i: "int" } as const;
  const bind = (name: FunctionName): MpiFunction => {
    const taken = [...FUNCTIONS[name]].map((letter) => types[letter as keyof typeof types]);
    return library.func(`MPI_${name}`, "int", taken);
  };
  const names = Object.keys(FUNCTIONS) as FunctionName[];
  const call = Object.fromEntries(names.map((name) => [name, bind(name)]));
  const functions = call as Record<FunctionName, MpiFunction>;
  return { version: versionOf(functions), call: functions, constants };
}

const MOST_TEXT = 8192; // the longest text that any make writes

function versionOf({ Get_library_version: ask }: MpiLibrary["call"]): string {
  const words = new Uint8Array(MOST_TEXT);
  const length = new Int32Array(2);
  ask(words, length);
  const all = new TextDecoder().decode(words.subarray(0, Math.max(0, length[0]!)));
  // Open MPI lists its build after commas, MPICH on lines with tabs.
  return all
    .split(/[,\n\0]/, 1)[0]!
    .replaceAll(/\s+/g, " ")
    .replace("MPICH Version: ", "MPICH ")
    .trim();
}
