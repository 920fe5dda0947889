// Node's `--import` of this file writes the address of every module that is loaded to the file NOTE_LOADS.
import { appendFileSync } from "node:fs";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

// Node runs the hook in a thread of its own, for which it loads this file again.
if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  appendFileSync(process.env.NOTE_LOADS, `${url}\n`);
  return next(url, context);
}
