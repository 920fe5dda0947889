// Commands start at once: help and refusals load the command line alone, without the engine and what draws. Modules are
// counted, not seconds.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { recipes } from "../../src/gan/recipes/list.ts";
import { RECIPE_NAMES } from "../../src/gan/recipes/names.ts";
import { longhandWith, ROOT } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-start-"));
const nowhere = join(folder, "nowhere");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command. Returns its exit code and what it loaded: files by their paths from the root, packages by name. */
async function loadedBy(
  ...args: string[]
): Promise<{ code: number | null; err: string; loaded: readonly string[] }> {
  const notes = join(folder, `loads-${args.join("-").replaceAll("/", "_")}`);
  const hook = fileURLToPath(new URL("../support/note-loads.mjs", import.meta.url));
  const options = `${process.env.NODE_OPTIONS ?? ""} --import ${hook}`;
  const { code, err } = await longhandWith({ NODE_OPTIONS: options, NOTE_LOADS: notes }, ...args);
  const urls = readFileSync(notes, "utf8").split("\n");
  const files = urls.filter((url) => url.startsWith("file:")).map((url) => fileURLToPath(url));
  const loaded = files.map((file) =>
    file.replace(/^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/.*$/, "$1").replace(ROOT, ""),
  );
  return { code, err, loaded: [...new Set(loaded)] };
}

/** A file per command, and the few others that the command line reads flags with. */
const MOST_FILES = readdirSync(join(ROOT, "src/cli/commands")).length + 20;
const HEAVY =
  /^src\/(?!cli\/(?!actions)|terminal\/|runs\/(?:command-words|defaults|require-run|training\/check-flags)\.ts|gpu\/(?:duration|errors|foreign-text|node\/signals)\.ts|gan\/recipes\/names\.ts)|^(?:web|shaders)\//;
const PACKAGES = ["cli-progress", "commander", "tsx", "esbuild"]; // tsx loads esbuild

it.each([
  [0, ["--help"]],
  [0, ["train", "--help"]],
  [0, ["sample", "--help"]],
  [2, ["train", "--epochs", "some"]],
  [2, ["train", "--epochs", "1", "--steps", "2"]],
  [2, ["train", "--recipe", "nope"]],
  [2, ["tune", "--recipe", "nope"]],
  [2, ["recipes", "--json", join(nowhere, "a.json")]],
  [2, ["wgsl", "matmul", "--recipe", "nope"]],
  [2, ["judge", "--out", "judge.bin"]],
  [2, ["gpu-check", "--out", "report.txt"]],
  [2, ["compare", "dcgan", "--keep", "kept.txt"]],
  [2, ["sample", nowhere, "--out", "digits.jpg"]],
  [2, ["interpolate", nowhere, "--seeds", "1"]],
  [1, ["sample", nowhere]],
  [1, ["interpolate", nowhere]],
  [1, ["project", nowhere, "mnist:7"]],
  [1, ["evaluate", nowhere]],
  [1, ["show", nowhere]],
  [1, ["gif", nowhere]],
])("ends with exit code %i and has loaded only the command line: %j", async (expected, args) => {
  const { code, err, loaded } = await loadedBy(...args);
  expect(code, err).toBe(expected);
  const own = loaded.filter((file) => file.startsWith("src/"));
  expect(own).toContain("src/cli/main.ts");
  expect(own.length).toBeLessThanOrEqual(MOST_FILES);
  expect(loaded.filter((file) => HEAVY.test(file))).toEqual([]);
  const packages = loaded.filter((name) => !name.endsWith(".ts") && !name.endsWith(".mjs"));
  expect(packages.filter((name) => !PACKAGES.includes(name))).toEqual([]);
});

it.each([
  [["train", "--data", nowhere]],
  [["train", "--config", nowhere]],
  [["compare", "nope"]],
  [["classify", join(nowhere, "7.png")]],
])("refuses a wrong path or name before it loads what opens a GPU or draws: %j", async (args) => {
  const { code, loaded } = await loadedBy(...args);
  expect([1, 2]).toContain(code);
  const forbidden = ["webgpu", "@observablehq/plot", "linkedom", "vite", "src/runs/session.ts"];
  expect(forbidden.filter((name) => loaded.includes(name))).toEqual([]);
});

it("knows the recipes by the names that they have", () => {
  expect(recipes.map(({ name }) => name)).toEqual([...RECIPE_NAMES]);
});
