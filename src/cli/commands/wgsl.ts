// `longhand wgsl`: prints a shader as the driver gets it when a recipe's step launches it.
import type { Command } from "commander";
import { recipeName } from "../../gan/recipes/names.ts";
import type { RecipeFlags } from "../../runs/config.ts";
import { adapterOption, addRecipeOptions, whole } from "../options.ts";

/** The flags of `wgsl`. */
export interface WgslFlags extends RecipeFlags {
  readonly variant?: string;
  readonly batch?: number;
  readonly adapter?: string;
}

/** Prints each distinct module of a shader that a recipe's step launches. Throws `UsageError`, `AdapterError`. */
export async function wgslCommand(shader: string, flags: WgslFlags): Promise<void> {
  if (flags.recipe !== undefined) recipeName(flags.recipe);
  const { printModules } = await import("../actions/wgsl.ts");
  await printModules(shader, flags);
}

/** Adds `wgsl` to the command line. */
export function addWgsl(program: Command): void {
  const command = program
    .command("wgsl")
    .description("print a shader as the driver gets it: joined with its libraries, and specialised")
    .argument("<shader>", "a file of shaders/, such as conv2d-forward");
  addRecipeOptions(command)
    .option("--variant <name>", "as this variant of the kernel (default: what a run launches)")
    .option("--batch <n>", "images per step (default: the recipe's)", whole(1))
    .addOption(adapterOption())
    .action(async (shader: string, flags: WgslFlags) => wgslCommand(shader, flags));
}
