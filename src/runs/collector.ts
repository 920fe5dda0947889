// How V8 collects garbage while a command runs thousands of steps.
import { setFlagsFromString } from "node:v8";

/**
 * Runs `body` with every collection a full one. Dawn makes some small objects a step, and while the host waits a few
 * at each turn of Node's event loop, with memory of its own behind them that V8 doesn't see: what outlives a small
 * collection then lies around for thousands of steps, until a full one. With little else on the heap that is quick.
 */
export async function collectingAll<T>(body: () => Promise<T>): Promise<T> {
  setFlagsFromString("--gc-global");
  try {
    return await body();
  } finally {
    setFlagsFromString("--no-gc-global");
  }
}
