// Keeps runs in a browser. A run has a few slots, each a whole run folder whose manifest is written last. A new slot is
// written next to the old ones, and only then are surplus ones removed: at every instant, even if the tab is killed, the
// newest slot with a manifest is whole, or the one before it is.
import { withWebHashes } from "../../checkpoint/hashing.ts";
import { MANIFEST_FILE, manifestIn } from "../../checkpoint/manifest.ts";
import { CheckpointError, OutputError } from "../../gpu/errors.ts";
import { parseRecord, RECORD_FILE, type RunRecord } from "../run-record.ts";
import { fallbackNotes, readRun, sentenceOf, type KeptRun, type RunFiles } from "./run-files.ts";

/** Files in folders, in any storage. Paths have slashes. */
export interface FileTree {
  /** Lists the names in a folder; empty if there is none. */
  readonly list: (folder: string) => Promise<readonly string[]>;
  /** Reads a file; undefined if there is none. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  /** Writes a file and makes its folders. Rejects with `StorageFullError` if no room is left. */
  readonly write: (path: string, bytes: Uint8Array) => Promise<void>;
  /** Removes a file, or a folder and all in it, if it exists. */
  readonly remove: (path: string) => Promise<void>;
}

/** The browser gives the page no more room. */
export class StorageFullError extends OutputError {
  override readonly name: string = "StorageFullError";
}

/** A run in the store, from its small files alone: its arrays were not verified. */
export interface StoredRun {
  readonly id: string;
  readonly record: RunRecord;
  /** Steps done. */
  readonly step: number;
  /** When it was saved, in milliseconds since 1970. */
  readonly saved: number;
}

/** The runs that a browser keeps. */
export interface RunStore {
  /** Lists the runs, the one that was saved last first. A run that can't be listed is left out. */
  readonly list: () => Promise<readonly StoredRun[]>;
  /**
   * Saves a run's files, from `runFiles`, and keeps the checkpoint before. `trusted` is the slot that was last saved or
   * opened: all others are removed. Returns the new slot. Rejects with an `OutputError`; what was saved before then
   * stays.
   */
  readonly save: (id: string, files: RunFiles, trusted?: string) => Promise<string>;
  /**
   * Reads a run from its newest slot that is whole; if that isn't the newest of all, a note says why. Rejects with a
   * `CheckpointError` if none is.
   */
  readonly open: (id: string) => Promise<OpenedRun>;
  /** Keeps a file of a run that belongs to no checkpoint, such as an epoch's grid: `samples/epoch-0001.png`. */
  readonly keep: (id: string, path: string, bytes: Uint8Array) => Promise<void>;
  /** Returns all files of a run's folder, as the command line would have left it. Rejects as `open` does. */
  readonly files: (id: string) => Promise<RunFiles>;
  readonly remove: (id: string) => Promise<void>;
}

/** A run that was read, and the slot that it was read from. */
export interface OpenedRun extends KeptRun {
  readonly slot: string;
  /** The slot's files. */
  readonly files: RunFiles;
}

const SLOTS = "slots";
const REST = "rest";
const SLOT = /^\d{15}$/;
const ID = /^[\w-][\w.-]*$/;

/** Creates the store of runs in a tree of files. `longhand` is this version; `now` is the clock. */
export function createRunStore(
  tree: FileTree,
  longhand: string,
  now: () => number = Date.now,
): RunStore {
  /** Lists a run's slots, the newest first. */
  const slotsOf = async (id: string): Promise<readonly string[]> =>
    (await tree.list(`${id}/${SLOTS}`))
      .filter((name) => SLOT.test(name))
      .toSorted()
      .toReversed();
  const at = (id: string, slot: string): string => `${id}/${SLOTS}/${slot}`;

  const filesBelow = async (path: string): Promise<Map<string, Uint8Array>> => {
    const files = new Map<string, Uint8Array>();
    const visit = async (folder: string, below: string): Promise<void> => {
      for (const name of await tree.list(folder)) {
        const bytes = await tree.read(`${folder}/${name}`);
        if (bytes) files.set(below + name, bytes);
        else await visit(`${folder}/${name}`, `${below}${name}/`);
      }
    };
    await visit(path, "");
    return files;
  };

  /** Whether a slot was written to its end. */
  const isEnded = async (id: string, slot: string): Promise<boolean> =>
    (await tree.list(`${at(id, slot)}/checkpoint`)).includes(MANIFEST_FILE);

  const summary = async (id: string): Promise<StoredRun | undefined> => {
    for (const slot of await slotsOf(id)) {
      const path = at(id, slot);
      const [record, manifest] = await Promise.all([
        tree.read(`${path}/${RECORD_FILE}`),
        tree.read(`${path}/checkpoint/${MANIFEST_FILE}`),
      ]);
      if (!record || !manifest) continue;
      try {
        const { step } = await withWebHashes(manifestIn(manifest, id));
        return { id, record: parseRecord(record, id), step, saved: Number(slot) };
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error; // the slot before may be whole
      }
    }
    return undefined;
  };

  const writeSlot = async (id: string, slot: string, files: RunFiles): Promise<void> => {
    try {
      for (const [path, bytes] of files) await tree.write(`${at(id, slot)}/${path}`, bytes);
    } catch (error) {
      await tree.remove(at(id, slot)).catch(() => undefined); // the error that led here says more
      throw error;
    }
  };

  const store: RunStore = {
    async list() {
      const ids = (await tree.list("")).filter((name) => ID.test(name));
      const found = await Promise.all(ids.map(summary));
      return found.filter((run) => run !== undefined).toSorted((a, b) => b.saved - a.saved);
    },

    async save(id, files, trusted) {
      const slots = await slotsOf(id);
      // Later than every other, even if the clock was set back.
      const slot = String(Math.max(now(), Number(slots[0] ?? 0) + 1)).padStart(15, "0");
      const surplus = slots.filter((each) => each !== trusted);
      const tidy = async (): Promise<void> => {
        for (const each of surplus) await tree.remove(at(id, each)).catch(() => undefined);
      };
      // Without a trusted slot, any of them may be the only whole one.
      const spare = trusted !== undefined && surplus.length > 0;
      try {
        await writeSlot(id, slot, files);
      } catch (error) {
        if (!(error instanceof StorageFullError) || !spare) throw error;
        await tidy();
        await writeSlot(id, slot, files);
      }
      await tidy();
      return slot;
    },

    async open(id) {
      const refusals: string[] = [];
      for (const slot of await slotsOf(id)) {
        if (!(await isEnded(id, slot))) {
          refusals.push("The last save was cut short.");
          continue;
        }
        try {
          const files = await filesBelow(at(id, slot));
          const run = await withWebHashes(readRun(files, id, longhand));
          const rest = await filesBelow(`${id}/${REST}`);
          const notes = [...fallbackNotes(refusals, run.step), ...run.notes];
          return { ...run, rest, notes, slot, files };
        } catch (error) {
          if (!(error instanceof CheckpointError)) throw error;
          refusals.push(sentenceOf(error));
        }
      }
      throw new CheckpointError(
        refusals.length === 0
          ? `${id}: isn't kept in this browser any more`
          : `${id}: can't go on: ${refusals.join(" ")} No older checkpoint is whole.`,
      );
    },

    keep: (id, path, bytes) => tree.write(`${id}/${REST}/${path}`, bytes),

    async files(id) {
      const { files, rest } = await store.open(id);
      return new Map([...files, ...rest]);
    },

    remove: (id) => tree.remove(id),
  };
  return store;
}
