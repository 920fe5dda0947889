// Reads HDF5 files in a child process: h5wasm is a C library, which a damaged file may lead astray for good. The child
// is ended then, and takes everything with it.
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { wordsOf } from "../../gpu/foreign-text.ts";
import type { Refuse } from "../stored-zip.ts";

/** A dataset. Only 32-bit floats have their numbers with them. */
export interface Hdf5Array {
  /** Its element type in words, such as `float32`. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly data?: Float32Array;
}

/** What a file holds: datasets by their paths, and one text of the root. */
export interface Hdf5Contents {
  readonly arrays: Readonly<Record<string, Hdf5Array>>;
  readonly text: string | undefined;
}

/** What the child answers. */
export type Answer = Hdf5Contents | { readonly fault: string };

const CHILD = fileURLToPath(new URL("hdf5-child.ts", import.meta.url));
const PATIENCE = 5000; // ms; files of recipes take a few
const AGAIN = "save it again with model.save_weights";

/** A child that waits for the next file. */
let idle: ChildProcess | undefined;

/** Returns all arrays of an HDF5 file, and a text attribute of its root. Calls `refuse` if it can't be read. */
export async function readHdf5(
  bytes: Uint8Array,
  attribute: string,
  refuse: Refuse,
): Promise<Hdf5Contents> {
  const child = idle ?? (await begin());
  idle = undefined;
  hold(child, true);
  const answer = await new Promise<Answer>((resolve) => {
    const end = (given: Answer): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(given);
    };
    const timer = setTimeout(() => end({ fault: "reading it takes too long" }), PATIENCE);
    child.once("message", (given: Answer) => end(given));
    child.once("close", () => end({ fault: "reading it ends the library that reads" }));
    child.once("error", (error) => end({ fault: wordsOf(error) }));
    child.send({ bytes, attribute });
  });
  if ("fault" in answer) {
    child.kill("SIGKILL"); // what the library holds may be damaged too
    return refuse(`is no sound HDF5 file (${wordsIn(answer.fault)}); ${AGAIN}`);
  }
  hold(child, false);
  idle = child;
  return answer;
}

/** Starts a child, and waits until it has loaded the library. */
async function begin(): Promise<ChildProcess> {
  const child = fork(CHILD, {
    execArgv: ["--import", import.meta.resolve("tsx")],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("error", reject);
    child.once("close", () => reject(new Error("The process that reads HDF5 files didn't start.")));
  });
  child.removeAllListeners();
  return child;
}

/** Makes this process wait for the child, or not. */
function hold(child: ChildProcess, on: boolean): void {
  if (on) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}

/** The innermost reason of HDF5's own errors, which are traces of several lines; other words as they are. */
function wordsIn(fault: string): string {
  const reasons = [...fault.matchAll(/in H5\w+\(\): (.+)/g)];
  return wordsOf(reasons.at(-1)?.[1] ?? fault, 120);
}
