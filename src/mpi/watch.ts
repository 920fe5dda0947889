// Watches calls of MPI that block, from a thread of its own.
import { Worker } from "node:worker_threads";

/** Watches one call at a time. */
export interface Watch {
  /** Makes a call, and returns what it returns. The process ends, with words, if the call takes more than `seconds`. */
  readonly over: (seconds: number, call: () => number) => number;
  readonly stop: () => Promise<void>;
}

/** Starts to watch. `words` are for standard error, with the seconds in the place of `%`. */
export function watchCalls(words: string): Watch {
  const cells = new Int32Array(new SharedArrayBuffer(8)); // see watchdog.mjs
  const worker = new Worker(new URL("watchdog.mjs", import.meta.url), {
    workerData: { cells, words },
    execArgv: [],
  });
  worker.unref();
  return {
    over(seconds, call) {
      Atomics.store(cells, 1, Math.ceil(seconds));
      Atomics.add(cells, 0, 1);
      try {
        return call();
      } finally {
        Atomics.add(cells, 0, 1);
      }
    },
    stop: async () => void (await worker.terminate()),
  };
}
