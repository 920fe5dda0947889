// A checkpoint's manifest, `manifest.json`, which is written last and makes the checkpoint whole. It names every file
// with its length and SHA-256, every tensor with its shape, and the length of the run's log. Its last field is the
// SHA-256 of everything before it, so that no bit of a checkpoint can change unnoticed. No file access, because
// browsers use it too; sealed-folder.ts has it for Node.
import { z } from "zod";
import { CheckpointError } from "../gpu/errors.ts";
import type { Hashing } from "./hashing.ts";
import { formatJson, MAX_JSON_BYTES, parseJson } from "./json.ts";
import type { LogPrefix } from "./jsonl-lines.ts";
import { readHeader } from "./safetensors-header.ts";
import { fileOf } from "./arrays.ts";
import { formatState, parseState, STATE_FILE, type CheckpointState } from "./state.ts";

/** A file in the manifest. */
export interface FileEntry {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
  /** For a safetensors file: element type and shape by name, such as `F32 [784, 1]`. */
  readonly tensors?: Readonly<Record<string, string>>;
}

/** What a checkpoint belongs to. */
export interface About {
  /** The version of Longhand. */
  readonly longhand: string;
  readonly recipe: string;
  readonly seed: number;
  /** Steps done. */
  readonly step: number;
  /** The run's `metrics.jsonl` up to this step. */
  readonly metrics: LogPrefix;
  /** Its `evaluations.jsonl` up to this step, if it has one. */
  readonly evaluations?: LogPrefix;
}

/** A checkpoint's manifest. */
export interface Manifest extends About {
  readonly format: 1;
  readonly files: Readonly<Record<string, FileEntry>>;
}

/** A checkpoint's files, after everything that can be checked was checked. */
export interface VerifiedFiles {
  /** The files that the manifest names, without the manifest; for an older version, all that it needs. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly state: CheckpointState;
  /** Undefined for a checkpoint of an older version, whose bytes can't be checked. */
  readonly manifest: Manifest | undefined;
}

/** Where the files of a checkpoint come from. */
export interface FileSource {
  /** The name that errors use. */
  readonly path: string;
  readonly names: () => readonly string[];
  /** Undefined if there is no such file. */
  readonly sizeOf: (name: string) => number | undefined;
  readonly bytesOf: (name: string) => Uint8Array;
}

/** The name of the manifest's file. */
export const MANIFEST_FILE = "manifest.json";

const size = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const prefix = z.object({ rows: size, bytes: size, sha256 });
const entry: z.ZodType<FileEntry> = z.object({
  bytes: size,
  sha256,
  tensors: z.record(z.string(), z.string()).exactOptional(),
});
const schema: z.ZodType<Manifest> = z.object({
  format: z.literal(1),
  longhand: z.string(),
  recipe: z.string(),
  seed: size,
  step: size,
  // Names of files in this folder.
  files: z.record(z.string().regex(/^[\w-][\w.-]*$/), entry),
  metrics: prefix,
  evaluations: prefix.exactOptional(),
});
const formatSchema = z.object({ format: z.int(), longhand: z.string().default("another version") });

const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === "string" ? new TextEncoder().encode(data) : data;

/**
 * Returns a checkpoint's files with its state and, as the last file, the manifest. `files` are the bytes of safetensors
 * files and of other files next to them, by name.
 */
export function* sealing(
  files: Readonly<Record<string, Uint8Array | string>>,
  about: About,
): Hashing<Record<string, Uint8Array | string>> {
  const { step, seed } = about;
  const all = { ...files, [STATE_FILE]: formatState({ format: 2, step, seed }) };
  const entries: [string, FileEntry][] = [];
  for (const [name, data] of Object.entries(all)) {
    const bytes = bytesOf(data);
    const tensors = name.endsWith(".safetensors") ? { tensors: tensorsIn(bytes, name) } : {};
    entries.push([name, { bytes: bytes.length, sha256: yield bytes, ...tensors }]);
  }
  const manifest: Manifest = { format: 1, ...about, files: Object.fromEntries(entries) };
  return { ...all, [MANIFEST_FILE]: yield* manifestText(manifest) };
}

function tensorsIn(bytes: Uint8Array, name: string): NonNullable<FileEntry["tensors"]> {
  const { tensors } = readHeader(bytes, name);
  return Object.fromEntries(
    tensors.map(({ key, dtype, shape }) => [key, `${dtype} [${shape.join(", ")}]`]),
  );
}

// The hash covers the text before it.
const endOf = (hash: string): string => `,\n  "sha256": "${hash}"\n}\n`;
const END_BYTES = endOf("0".repeat(64)).length;

/** Returns the text of a manifest. */
export function* manifestText(manifest: Manifest): Hashing<string> {
  const body = formatJson(manifest, 2).slice(0, -"\n}".length);
  return body + endOf(yield bytesOf(body));
}

/** Parses what `manifestText` returned. Throws `CheckpointError`, which names `name`, if a single bit differs. */
export function* manifestIn(bytes: Uint8Array, name: string): Hashing<Manifest> {
  const body = bytes.subarray(0, Math.max(0, bytes.length - END_BYTES));
  // As Latin-1, so that every byte is a character.
  if (endOf(yield body) !== new TextDecoder("latin1").decode(bytes.subarray(body.length))) {
    throw new CheckpointError(
      `${name}: is damaged: its text doesn't have the SHA-256 in its own last line`,
    );
  }
  const { format, longhand } = parseJson(formatSchema, bytes, name);
  if (format !== 1) {
    throw new CheckpointError(
      `${name}: has format ${format}, written by Longhand ${longhand}; this version reads format 1: use that version, or a newer one`,
    );
  }
  return parseJson(schema, bytes, name);
}

/** Returns files in memory, by name, as a source. */
export function memorySource(path: string, files: ReadonlyMap<string, Uint8Array>): FileSource {
  return {
    path,
    names: () => [...files.keys()],
    sizeOf: (name) => files.get(name)?.length,
    bytesOf: (name) => fileOf(files, name, path),
  };
}

/**
 * Reads a checkpoint's files and checks every byte of them against the manifest. Files that it doesn't name are left
 * alone and never read. Throws a `CheckpointError` that says which file is missing, cut or damaged.
 */
export function* verifying(source: FileSource): Hashing<VerifiedFiles> {
  const { path } = source;
  if (source.names().length === 0)
    throw new CheckpointError(`${path}: is empty; it is not a checkpoint`);
  const text = smallFile(source, MANIFEST_FILE);
  if (text === undefined) return unverifiedFiles(source);
  const manifest = yield* manifestIn(text, `${path}/${MANIFEST_FILE}`);
  const files = new Map<string, Uint8Array>();
  for (const [name, expected] of Object.entries(manifest.files)) {
    files.set(name, yield* verifiedFile(source, name, expected));
  }
  const state = parseState(files, path);
  for (const field of ["step", "seed"] as const) {
    if (state[field] === manifest[field]) continue;
    throw new CheckpointError(
      `${path}: its manifest has ${field} ${manifest[field]}, but its ${STATE_FILE} has ${state[field]}; they belong to different checkpoints`,
    );
  }
  return { files, state, manifest };
}

function* verifiedFile(source: FileSource, name: string, expected: FileEntry): Hashing<Uint8Array> {
  const where = `${source.path}/${name}`;
  const has = source.sizeOf(name);
  if (has === undefined) {
    throw new CheckpointError(`${where}: is missing; the checkpoint is incomplete`);
  }
  const bytes = has === expected.bytes ? source.bytesOf(name) : undefined;
  if (bytes?.length !== expected.bytes) {
    throw new CheckpointError(
      `${where}: is damaged: it has ${bytes?.length ?? has} bytes, but ${expected.bytes} were written`,
    );
  }
  const hash = yield bytes;
  if (hash !== expected.sha256) {
    throw new CheckpointError(
      `${where}: is damaged: its SHA-256 is ${hash.slice(0, 12)}…, but the written file had ${expected.sha256.slice(0, 12)}…`,
    );
  }
  if (expected.tensors && formatJson(tensorsIn(bytes, where)) !== formatJson(expected.tensors)) {
    throw new CheckpointError(`${where}: holds other tensors than the manifest says`);
  }
  return bytes;
}

/** Reads what an older version wrote. Only its presence can be checked. */
function unverifiedFiles(source: FileSource): VerifiedFiles {
  const { path } = source;
  const files = new Map<string, Uint8Array>();
  const state = smallFile(source, STATE_FILE);
  if (state) files.set(STATE_FILE, state);
  const parsed = parseState(files, path);
  if (parsed.format !== 1) {
    throw new CheckpointError(`${path}: has no ${MANIFEST_FILE}; the checkpoint is incomplete`);
  }
  for (const name of source.names()) {
    if (name.endsWith(".safetensors") && source.sizeOf(name) !== undefined) {
      files.set(name, source.bytesOf(name));
    }
  }
  return { files, state: parsed, manifest: undefined };
}

function smallFile(source: FileSource, name: string): Uint8Array | undefined {
  const bytes = source.sizeOf(name);
  if (bytes === undefined) return undefined;
  if (bytes > MAX_JSON_BYTES) {
    throw new CheckpointError(
      `${source.path}/${name}: is damaged: it has ${bytes} bytes, but at most ${MAX_JSON_BYTES} are read`,
    );
  }
  return source.bytesOf(name);
}
