// Prints the modules of a shader that a recipe's step launches, for `longhand wgsl`.
import { createGan } from "../../gan/gan.ts";
import { standInTraining } from "../../gan/memory.ts";
import { standIns } from "../../gan/stand-in.ts";
import { trainingStep } from "../../gan/step.ts";
import type { Device } from "../../gpu/device.ts";
import type { Dispatch } from "../../gpu/dispatch.ts";
import { UsageError } from "../../gpu/errors.ts";
import { printable, quote } from "../../gpu/foreign-text.ts";
import type { OpenedAdapter } from "../../gpu/node/adapter.ts";
import { modules } from "../../gpu/inspection/modules.ts";
import { kernelChoices, VARIANTS } from "../../kernels/variant.ts";
import { chosenRecipe } from "../../runs/config.ts";
import { useStoredChoices } from "../../runs/kernel-choices.ts";
import type { WgslFlags } from "../commands/wgsl.ts";
import { nearest } from "../words/nearest.ts";
import { print } from "../../terminal/print.ts";
import { limitsFor, withDevice } from "../../runs/session.ts";

/** Prints each distinct module of a shader that a recipe's step launches. Throws `UsageError`, `AdapterError`. */
export async function printModules(shader: string, flags: WgslFlags): Promise<void> {
  const name = shader.replace(/^(?:.*\/)?shaders\/|\.wgsl$/g, "");
  const variants: readonly string[] = VARIANTS[name] ?? [];
  const forced = VARIANTS[name]?.find((each) => each === flags.variant);
  if (flags.variant !== undefined && forced === undefined) {
    const where = `--variant ${printable(flags.variant, 80)}`;
    throw new UsageError(
      variants.length > 0
        ? `${where}: ${quote(name)} has the variants ${variants.join(", ")}; name one of them`
        : `${where}: ${quote(name)} has no variants; leave the flag out`,
    );
  }
  const recipe = await chosenRecipe(flags);
  const batch = flags.batch ?? recipe.batch;
  const show = async (device: Device, adapter: OpenedAdapter): Promise<void> => {
    await useStoredChoices(device, adapter.name);
    if (forced) kernelChoices(device).forced.set(name, forced);
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

/** Says that a step doesn't launch a shader, and which ones it launches. */
function noSuchLaunch(name: string, recipe: string, dispatches: readonly Dispatch[]): string {
  const shaders = new Set(dispatches.map(({ pipeline }) => pipeline.request.shader));
  const [first = "none", ...others] = [...shaders].toSorted();
  return `wgsl: a step of recipe ${recipe} launches no ${quote(name)}; did you mean ${nearest(name, [first, ...others])}? It launches ${[first, ...others].join(", ")}`;
}
