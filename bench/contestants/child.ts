// A contestant's process: Dawn allows one instance a process. Started by `startContestant` with its options
// as an argument; answers each message with one.
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { openAdapter, shaderText } from "../../src/gpu/node.ts";
import { countCalls } from "../counters.ts";
import type { Contestant } from "./contestant.ts";
import { createLonghand } from "./longhand.ts";
import type { Answer, Command, StartOptions } from "./messages.ts";
import { createStand, obey } from "./stand.ts";

const options: StartOptions = JSON.parse(process.argv[2] ?? "");
const say = (answer: Answer): void => void process.send?.(answer);
const complaint = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

process.on("SIGINT", () => undefined); // whoever started this process ends it
process.on("disconnect", () => process.exit());

/** Imports a peer, which looks for WebGPU while it does. */
async function importPeer(name: "tfjs" | "jax-js"): Promise<() => Promise<Contestant>> {
  const { create } =
    name === "tfjs" ? await import("../peers/tfjs.mjs") : await import("../peers/jax-js.mjs");
  return () => create(options);
}

try {
  const { adapter, name, kind } = await openAdapter(options.adapter);
  const gpu = { requestAdapter: () => Promise.resolve(adapter) };
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu, userAgent: "node", hardwareConcurrency: 1 },
  });
  const counters = countCalls();
  const create =
    options.name === "longhand"
      ? () =>
          createLonghand(
            { adapter, shaderText, software: kind !== "gpu" },
            { ...options, recipe: recipeNamed(options.recipe) },
          )
      : await importPeer(options.name);
  const stand = createStand(counters, create);
  process.on("message", (command: Command) => {
    obey(stand, command).then(say, (error: unknown) => say({ error: complaint(error) }));
  });
  say({ ready: name });
} catch (error) {
  say({ error: complaint(error) });
}
