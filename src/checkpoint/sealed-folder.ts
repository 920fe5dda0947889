// A checkpoint in a folder: its files read on demand, and sealed and verified with Node's own SHA-256. The format is in
// manifest.ts. Node only.
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readError, readFileBytes } from "./files.ts";
import { withHashes } from "./hashing.ts";
import {
  manifestIn,
  manifestText,
  sealing,
  verifying,
  type About,
  type FileSource,
  type Manifest,
  type VerifiedFiles,
} from "./manifest.ts";

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Returns the files of a folder, which are read on demand. */
export function folderSource(path: string): FileSource {
  return {
    path,
    names: () => {
      try {
        return readdirSync(path);
      } catch (error) {
        throw readError(path, error);
      }
    },
    sizeOf: (name) => {
      const status = statSync(join(path, name), { throwIfNoEntry: false });
      return status?.isFile() === true ? status.size : undefined;
    },
    bytesOf: (name) => readFileBytes(join(path, name)),
  };
}

/** Does what `sealing` does, at once. */
export function sealFiles(
  files: Readonly<Record<string, Uint8Array | string>>,
  about: About,
): Record<string, Uint8Array | string> {
  return withHashes(sealing(files, about), hashOf);
}

/** Does what `verifying` does, at once. Throws `CheckpointError`. */
export function verifyFiles(source: FileSource): VerifiedFiles {
  return withHashes(verifying(source), hashOf);
}

/** Returns the text of a manifest. */
export function formatManifest(manifest: Manifest): string {
  return withHashes(manifestText(manifest), hashOf);
}

/** Parses what `formatManifest` wrote. Throws `CheckpointError`, which names `name`, if a single bit differs. */
export function parseManifest(bytes: Uint8Array, name: string): Manifest {
  return withHashes(manifestIn(bytes, name), hashOf);
}
