// A thread that ends its process if the main one stays too long inside a call of MPI that blocks, where it hears nothing:
// no signal, no timer. Plain JavaScript, because threads start without the compiler of TypeScript.
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

const LOOK_MS = 100;

/** `cells`: how often the main thread has entered and left such calls, and the most seconds that this one may take. */
const { cells, words } = workerData;
let calls = 0;
let looks = 0; // at the same call: not a clock's time, in which the whole process may have stood still

setInterval(() => {
  const now = Atomics.load(cells, 0);
  looks = now === calls ? looks + 1 : 0;
  calls = now;
  const seconds = Atomics.load(cells, 1);
  const isInside = calls % 2 === 1;
  if (!isInside || looks * LOOK_MS < 1000 * seconds) return;
  try {
    writeSync(2, words.replace("%", String(seconds)));
  } finally {
    process.kill(process.pid, "SIGKILL"); // the launcher then ends the other ranks
  }
}, LOOK_MS);
