// Longhand as a contestant in a page.
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { openAdapter, shaderText } from "../../src/browser.ts";
import { longhandKernels } from "../contestants/longhand-kernels.ts";
import { createLonghand } from "../contestants/longhand.ts";
import { offer } from "./offer.ts";

offer(async (options) => {
  const { adapter, name, software } = await openAdapter();
  const recipe = recipeNamed(options.recipe);
  const platform = { adapter, shaderText, software };
  return {
    adapter: name,
    builders: {
      create: () => createLonghand(platform, { ...options, recipe }),
      createKernel: longhandKernels(platform),
    },
  };
});
