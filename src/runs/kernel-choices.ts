// Where the autotuner's results are kept: one file per adapter, in the user's cache folder.
import { commandFor } from "./command-words.ts";
import { existsSync } from "node:fs";
import { formatChoices, parseChoices, type Choices } from "./choices.ts";
import { removeQuietly } from "../checkpoint/files.ts";
import { checkSeal, sealedJson } from "../checkpoint/seal.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { cacheFolders, shaderText, type OpenedAdapter } from "../gpu/node/adapter.ts";
import type { Device } from "../gpu/device.ts";
import { kernelsVersion } from "../kernels/autotune.ts";
import { useChoices } from "../kernels/variant.ts";
import { readCache, writeCache } from "./cache.ts";
import type { RunRecord } from "./run-record.ts";

/** What is stored for an adapter. */
export interface StoredChoices {
  /** Where it is, or would be. */
  readonly path: string;
  /** Empty if nothing valid is stored. */
  readonly choices: Choices;
  /** Why what is stored is not valid, as a clause. */
  readonly trouble: string | undefined;
}

/** The kernels of a run, and words that describe them, given at how many of the step's shapes one was chosen. */
export interface RunChoices {
  readonly choices: Choices;
  readonly words: (chosen: number, all: number) => string;
}

/** Returns the choices of a run: its own if it is resumed, otherwise those that were tuned on the adapter. */
export async function choicesFor(
  earlier: Pick<RunRecord, "adapter" | "choices"> | undefined,
  { name }: Pick<OpenedAdapter, "name">,
): Promise<RunChoices> {
  if (earlier) {
    const own = Object.keys(earlier.choices).length > 0;
    if (own && earlier.adapter !== name) {
      return {
        choices: {},
        words: () => "the defaults, because the run's own were tuned on another adapter",
      };
    }
    return {
      choices: earlier.choices,
      words: (chosen, all) =>
        own
          ? `as the run began, tuned at ${chosen} of ${all} shapes`
          : "the defaults, as the run began",
    };
  }
  const { choices, trouble, path } = await loadKernelChoices(name);
  return {
    choices,
    words: (chosen, all) =>
      trouble === undefined
        ? chosen > 0
          ? `as tuned on this adapter at ${chosen} of ${all} shapes (${path})`
          : `the defaults; ${commandFor("tune")} measures which are fastest here`
        : `the defaults, not those that were tuned: ${trouble}; ${commandFor("tune")} measures them again`,
  };
}

/** Returns the name of a cached file on an adapter, in a folder of the cache. */
export function adapterFile(folder: string, adapter: string): string {
  const name = adapter.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
  return `${folder}/${name.replace(/^-|-$/g, "").slice(0, 100)}.json`;
}

const nameFor = (adapter: string): string => adapterFile("kernels", adapter);

/** Reads what is stored for an adapter. Never throws: a broken file counts as empty, and `trouble` says why. */
export async function loadKernelChoices(adapter: string): Promise<StoredChoices> {
  const kernels = await kernelsVersion(shaderText);
  const { path, value, trouble } = await readCache(nameFor(adapter), async (bytes, where) => {
    const stored = parseChoices(bytes, where);
    if (stored.adapter !== adapter) {
      throw new CheckpointError(`${where} belongs to another adapter, ${stored.adapter}`);
    }
    if (stored.kernels !== kernels) {
      throw new CheckpointError("the kernels have changed since they were tuned");
    }
    await checkSeal(bytes, where);
    return stored.choices;
  });
  return { path, choices: value ?? {}, trouble };
}

/** Makes a device launch the kernels stored for its adapter. */
export async function useStoredChoices(device: Device, adapter: string): Promise<void> {
  const { choices } = await loadKernelChoices(adapter);
  useChoices(device, choices);
}

/** Stores the choices for an adapter, and replaces all that was stored. Returns the path. Throws `OutputError`. */
export async function saveKernelChoices(adapter: string, choices: Choices): Promise<string> {
  const kernels = await kernelsVersion(shaderText);
  const bytes = await sealedJson(formatChoices({ format: 1, adapter, kernels, choices }));
  const none = "Can't keep the tuned kernels: there is no cache folder.";
  return writeCache(nameFor(adapter), bytes, none);
}

/** Removes what is stored for an adapter. Returns the paths that were removed. */
export function forgetKernelChoices(adapter: string): readonly string[] {
  const there = cacheFolders(nameFor(adapter)).filter((path) => existsSync(path));
  for (const path of there) removeQuietly(path);
  return there.filter((path) => !existsSync(path));
}
