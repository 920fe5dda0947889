// The child process that compiles a step's kernels on lavapipe: it fills the driver's cache, once per step.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { scaled } from "../../src/gan/recipe.ts";
import { openAdapter } from "../../src/gpu/node/adapter.ts";
import { compileAhead } from "../../src/runs/training/compile-ahead.ts";
import type { Draft } from "../../src/runs/training/draft-run.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-ahead-"));
process.env["XDG_CACHE_HOME"] = join(folder, "cache"); // of this process, and of the child
process.env["MESA_SHADER_CACHE_DIR"] = join(folder, "mesa");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { name, release } = await openAdapter();
release();
const onLavapipe = name.startsWith("llvmpipe") && availableParallelism() > 1;

const kernels = (): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.parentPath.includes("mesa"),
  ).length;

const draft = {
  recipe: scaled(recipeNamed("mlp"), 0.1),
  batch: 4,
  data: { height: 28, width: 28 },
  activationType: "f32",
} as Draft;

describe.runIf(onLavapipe)("on lavapipe", () => {
  it("fills the driver's cache, and isn't started again once the step was run", async () => {
    const ahead = await compileAhead(draft, { name }, {});
    expect(await ahead.compiled).toBe(true);
    expect(kernels()).toBeGreaterThan(0);
    const again = await compileAhead(draft, { name }, {});
    again.stop(true); // as when a first step is done
    expect(await again.compiled).toBe(false);
    const third = await compileAhead(draft, { name }, {});
    expect(await third.compiled).toBe(false);
  });

  it("is started for another step, and leaves the work if it fails", async () => {
    const other = { ...draft, recipe: { ...draft.recipe, name: "none" } } as Draft;
    expect(await (await compileAhead(other, { name }, {})).compiled).toBe(false);
  });
});

it("isn't started on other adapters", async () => {
  const ahead = await compileAhead(draft, { name: "a GPU" }, {});
  expect(await ahead.compiled).toBe(false);
  ahead.stop(true);
  expect(readdirSync(folder)).not.toContain("compiled");
});
