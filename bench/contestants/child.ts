// A contestant's process: Dawn allows one instance per process. `startContestant` starts it with its options as an
// argument. It answers each message with one message.
import { chosenRecipe } from "../../src/runs/config.ts";
import { openAdapter, shaderText } from "../../src/gpu/node/adapter.ts";
import { countCalls } from "../counters.ts";
import { longhandKernels } from "./longhand-kernels.ts";
import { createLonghand, type OwnOptions, type Platform } from "./longhand.ts";
import type { StartOptions } from "./messages.ts";
import { serve } from "./serve.ts";
import { createStand, type Builders } from "./stand.ts";

/** Imports a peer, which looks for WebGPU as it loads. */
async function importPeer(name: "tfjs" | "jax-js", options: StartOptions): Promise<Builders> {
  const { create, createKernel } =
    name === "tfjs" ? await import("../peers/tfjs.mjs") : await import("../peers/jax-js.mjs");
  return { create: () => create(options), createKernel };
}

function ownBuilders(platform: Platform, own: OwnOptions): Builders {
  return {
    create: () => createLonghand(platform, own),
    createKernel: longhandKernels(platform),
  };
}

await serve(async (options) => {
  const { adapter, name, kind } = await openAdapter(options.adapter);
  if (kind !== "gpu") await import("./asleep.ts"); // all contestants wait in the same way
  const gpu = { requestAdapter: () => Promise.resolve(adapter) };
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu, userAgent: "node", hardwareConcurrency: 1 },
  });
  const counters = countCalls();
  const platform = { adapter, shaderText, software: kind !== "gpu" };
  const builders =
    options.name === "longhand"
      ? ownBuilders(platform, { ...options, recipe: await chosenRecipe(options) })
      : await importPeer(options.name, options);
  return { stand: createStand(counters, builders), adapter: name };
});
