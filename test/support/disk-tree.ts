// The tree of files that a browser keeps runs in, on a disk: for tests of the store on Node, and of its failures.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { FileTree } from "../../src/runs/kept/run-store.ts";

/**
 * Returns the tree of files in a folder. `onCall` is called before each change, and may throw as a browser would; a write
 * that it refuses leaves half of the file.
 */
export function diskTree(root: string, onCall: () => void = () => undefined): FileTree {
  const at = (path: string): string => join(root, path);
  return {
    list: async (folder) => (existsSync(at(folder)) ? readdirSync(at(folder)) : []),
    read: async (path) =>
      statSync(at(path), { throwIfNoEntry: false })?.isFile() === true
        ? new Uint8Array(readFileSync(at(path)))
        : undefined,
    async write(path, bytes) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), bytes.subarray(0, bytes.length >> 1));
      onCall();
      writeFileSync(at(path), bytes);
    },
    async remove(path) {
      onCall();
      rmSync(at(path), { recursive: true, force: true });
    },
  };
}
