// `longhand wgsl`: the text that a driver gets of a shader, as a recipe's step launches it.
import { createGan } from "../../gan/gan.ts";
import { standInTraining } from "../../gan/memory.ts";
import { standIns } from "../../gan/stand-in.ts";
import { trainingStep } from "../../gan/step.ts";
import type { Device } from "../../gpu/device.ts";
import type { Dispatch } from "../../gpu/dispatch.ts";
import { UsageError } from "../../gpu/errors.ts";
import { printable, quote } from "../../gpu/foreign-text.ts";
import type { OpenedAdapter } from "../../gpu/node.ts";
import { groupBy } from "../../gpu/roofline.ts";
import { VARIANTS } from "../../kernels/variant.ts";
import { chosenRecipe, type RecipeFlags } from "../config.ts";
import { loadKernelChoices } from "../kernel-choices.ts";
import { nearest } from "../nearest.ts";
import { print } from "../print.ts";
import { limitsFor, withDevice } from "../session.ts";

/** The flags of `wgsl`. */
export interface WgslFlags extends RecipeFlags {
  readonly variant?: string;
  readonly batch?: number;
  readonly adapter?: string;
}

/** Prints each distinct module of a shader that a recipe's step launches. Throws `UsageError`, `AdapterError`. */
export async function wgslCommand(shader: string, flags: WgslFlags): Promise<void> {
  const name = shader.replace(/^(?:.*\/)?shaders\/|\.wgsl$/g, "");
  const variants: readonly string[] = VARIANTS[name] ?? [];
  const forced = VARIANTS[name]?.find((each) => each === flags.variant);
  if (flags.variant !== undefined && forced === undefined) {
    const where = `--variant ${printable(flags.variant, 80)}`;
    throw new UsageError(
      variants.length > 0
        ? `${where}: of ${quote(name)} it must be one of ${variants.join(", ")}`
        : `${where}: ${quote(name)} has no variants; leave the flag out`,
    );
  }
  const recipe = await chosenRecipe(flags);
  const batch = flags.batch ?? recipe.batch;
  const show = async (device: Device, adapter: OpenedAdapter): Promise<void> => {
    const { choices } = await loadKernelChoices(adapter.name);
    for (const [key, variant] of Object.entries(choices)) device.choices.set(key, variant);
    if (forced) device.variants.set(name, forced);
    const gan = createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
    const { dispatches } = device.record("step", () => void trainingStep(gan, batch));
    const own = new Set([name, ...variants.map((variant) => `${name}-${variant}`)]);
    const uses = dispatches.filter(({ pipeline }) => own.has(pipeline.request.shader));
    if (uses.length === 0) throw new UsageError(noSuchLaunch(name, recipe.name, dispatches));
    const at = `recipe ${recipe.name}, batch ${batch}, ${adapter.name}`;
    print(...modules(device, dispatches, uses, at).join("\n").split("\n"));
  };
  await withDevice(flags.adapter, show, limitsFor([standInTraining(recipe, batch)]));
}

/** The refusal of a shader that a step doesn't launch. */
function noSuchLaunch(name: string, recipe: string, dispatches: readonly Dispatch[]): string {
  const shaders = new Set(dispatches.map(({ pipeline }) => pipeline.request.shader));
  const [first = "none", ...others] = [...shaders].toSorted();
  return `wgsl: a step of recipe ${recipe} launches no ${quote(name)}; did you mean ${nearest(name, [first, ...others])}? It launches ${[first, ...others].join(", ")}`;
}

/** The distinct texts, each under a comment that says what launches it. */
function modules(
  { pipelines }: Device,
  dispatches: readonly Dispatch[],
  uses: readonly Dispatch[],
  at: string,
): readonly string[] {
  const groups = groupBy(uses, ({ pipeline }) => pipelines.code(pipeline.request));
  return groups.map((users, index) => {
    const { request } = users[0]!.pipeline;
    const entries = new Set(users.map(({ pipeline }) => pipeline.request.entry));
    const values = Object.entries(request.constants).map(([name, value]) => `${name} = ${value}`);
    const places = users.map((use) => dispatches.indexOf(use) + 1).join(", ");
    const title = `// ${index + 1} of ${groups.length}: ${request.shader}, entry point ${[...entries].join(", ")}`;
    const launches = `// dispatches ${places} of ${dispatches.length}; ${at}`;
    return `${title}\n${launches}\n// ${values.join(", ")}\n${pipelines.code(request)}`;
  });
}
