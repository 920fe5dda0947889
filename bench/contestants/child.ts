// A contestant's process: Dawn allows one instance per process. `startContestant` starts it with its options as an
// argument. It answers each message with one message.
import { chosenRecipe } from "../../src/runs/config.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { openAdapter, shaderText } from "../../src/gpu/node/adapter.ts";
import { countCalls } from "../counters.ts";
import { longhandKernels } from "./longhand-kernels.ts";
import { createLonghand, type Platform } from "./longhand.ts";
import type { Answer, Command, StartOptions } from "./messages.ts";
import { createStand, obey, type Builders } from "./stand.ts";

const options: StartOptions = JSON.parse(process.argv[2] ?? "");
const say = (answer: Answer): void => void process.send?.(answer);
const complaint = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

// The process that started this one ends it by another signal.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
process.on("disconnect", () => process.exit());

/** Imports a peer, which looks for WebGPU as it loads. */
async function importPeer(name: "tfjs" | "jax-js"): Promise<Builders> {
  const { create, createKernel } =
    name === "tfjs" ? await import("../peers/tfjs.mjs") : await import("../peers/jax-js.mjs");
  return { create: () => create(options), createKernel };
}

function ownBuilders(platform: Platform, recipe: Recipe): Builders {
  const own = { ...options, recipe };
  return {
    create: () => createLonghand(platform, own),
    createKernel: longhandKernels(platform),
  };
}

try {
  const { adapter, name, kind } = await openAdapter(options.adapter);
  const gpu = { requestAdapter: () => Promise.resolve(adapter) };
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu, userAgent: "node", hardwareConcurrency: 1 },
  });
  const counters = countCalls();
  const builders =
    options.name === "longhand"
      ? ownBuilders({ adapter, shaderText, software: kind !== "gpu" }, await chosenRecipe(options))
      : await importPeer(options.name);
  const stand = createStand(counters, builders);
  process.on("message", (command: Command) => {
    obey(stand, command).then(say, (error: unknown) => say({ error: complaint(error) }));
  });
  say({ ready: name });
} catch (error) {
  say({ error: complaint(error) });
}
