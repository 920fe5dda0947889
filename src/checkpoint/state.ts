// A checkpoint: every array that training changes, as safetensors files, and a small JSON beside them.
import { z } from "zod";
import type { GpuArray } from "../gpu/array.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { keyPath, printable } from "../gpu/foreign-text.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  readTensor,
  type NativeTensor,
} from "./safetensors.ts";

/** What the JSON of a checkpoint says. */
export interface CheckpointState {
  readonly format: 1;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
}

const schema: z.ZodType<CheckpointState> = z.object({
  format: z.literal(1),
  step: z.int().min(0),
  seed: z.int().min(0),
});

/** Arrays by file (without ending) and name. */
export type CheckpointArrays = Readonly<Record<string, ReadonlyMap<string, GpuArray>>>;

const STATE_FILE = "state.json";

/** Reads every array from the device and gives the files of a checkpoint, by name. */
export async function checkpointFiles(
  arrays: CheckpointArrays,
  state: CheckpointState,
): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = {};
  for (const [file, named] of Object.entries(arrays)) {
    const tensors = new Map<string, NativeTensor>();
    for (const [name, array] of named) {
      tensors.set(name, { dtype: "F32", shape: [...array.shape], data: await array.read() });
    }
    files[`${file}.safetensors`] = encodeSafetensors(tensors);
  }
  files[STATE_FILE] = `${JSON.stringify(state, undefined, 2)}\n`;
  return files;
}

/** Checks a checkpoint's JSON. Throws `CheckpointError` naming `folder`. */
export function parseState(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
): CheckpointState {
  return parseJson(schema, fileOf(files, STATE_FILE, folder), `${folder}/${STATE_FILE}`);
}

/** Parses JSON bytes by a schema. Throws `CheckpointError` naming the file and what is wrong in it. */
export function parseJson<T>(shape: z.ZodType<T>, bytes: Uint8Array, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new CheckpointError(`${name}: is not JSON; the file is damaged`);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = keyPath(issue?.path ?? []) || "the whole";
  throw new CheckpointError(`${name}: ${where}: ${printable(issue?.message ?? "does not fit")}`);
}

/**
 * Writes a checkpoint's arrays to the device. All files are read and checked before the first array
 * changes. Throws `CheckpointError` where a tensor is missing or of another shape.
 */
export function restoreArrays(
  arrays: CheckpointArrays,
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
): void {
  const found = Object.entries(arrays).flatMap(([file, named]) => {
    const path = `${folder}/${file}.safetensors`;
    const decoded = decodeSafetensors(fileOf(files, `${file}.safetensors`, folder), path);
    if (decoded.tensors.size !== named.size) {
      throw new CheckpointError(
        `${path}: holds ${decoded.tensors.size} tensors, the model has ${named.size}; it belongs to another model`,
      );
    }
    return [...named].map(([name, array]) => {
      const shape = [...array.shape];
      return { array, data: readTensor(decoded, name, "F32", shape) };
    });
  });
  for (const { array, data } of found) array.write(data);
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string, folder: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes) return bytes;
  throw new CheckpointError(`${folder}: has no ${name}; the checkpoint is incomplete`);
}
