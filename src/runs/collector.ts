// How V8 collects garbage while a command runs thousands of steps.
import { setFlagsFromString } from "node:v8";

/**
 * Runs `body` with V8 told to make every garbage collection a full one. Dawn creates some small objects per step, and a
 * few more at each turn of Node's event loop while the host waits. They hold memory that V8 doesn't see. Objects that
 * outlive a minor collection would stay for thousands of steps, until a full one. Full collections are quick, because
 * there is little else on the heap.
 */
export async function collectingAll<T>(body: () => Promise<T>): Promise<T> {
  setFlagsFromString("--gc-global");
  try {
    return await body();
  } finally {
    setFlagsFromString("--no-gc-global");
  }
}
