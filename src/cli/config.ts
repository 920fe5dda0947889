// A file of constants: JSON, or a TypeScript or JavaScript module whose default export they are.
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readFileBytes } from "../checkpoint/files.ts";
import { UsageError } from "../gpu/errors.ts";
import type { ConstantValues } from "./constants.ts";

/** Reads a config file. Throws `UsageError` if it can't be read, or is no object of constants. */
export async function readConfig(path: string): Promise<ConstantValues> {
  const value = extname(path) === ".json" ? readJson(path) : await readModule(path);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(
      `--config ${path}: holds no object of constants, such as { "batch": 64 }; a module must export it by default`,
    );
  }
  return { ...value };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = new TextDecoder().decode(readFileBytes(path));
  } catch {
    throw new UsageError(`--config ${path}: can't be read; name a file of constants`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--config ${path}: is not JSON: ${reason}`);
  }
}

async function readModule(path: string): Promise<unknown> {
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(path)).href);
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UsageError(`--config ${path}: can't be loaded: ${reason}`);
  }
}
