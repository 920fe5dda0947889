// A checkpoint: every array that training changes, as safetensors files, and a small JSON beside them.
import { z } from "zod";
import type { GpuArray } from "../gpu/array.ts";
import { CheckpointError, DivergedError } from "../gpu/errors.ts";
import { formatJson, parseJson } from "./json.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  readTensor,
  type NativeTensor,
} from "./safetensors.ts";

/** What the JSON of a checkpoint says. */
export interface CheckpointState {
  /** 2 has a manifest beside it; 1 was written by a version that knew of none. */
  readonly format: 1 | 2;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
}

const schema: z.ZodType<CheckpointState> = z.object({
  format: z.union([z.literal(1), z.literal(2)]),
  step: z.int().min(0),
  seed: z.int().min(0),
});

/** Arrays by file (without ending) and name. */
export type CheckpointArrays = Readonly<Record<string, ReadonlyMap<string, GpuArray>>>;

/** The name of that JSON. */
export const STATE_FILE = "state.json";

/**
 * Reads every array from the device and returns the safetensors files of a checkpoint, by name. With `finite`, throws
 * `DivergedError` on an element that isn't: such a checkpoint must not take the place of a sound one.
 */
export async function checkpointFiles(
  arrays: CheckpointArrays,
  { finite = true }: { readonly finite?: boolean } = {},
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const [file, named] of Object.entries(arrays)) {
    const tensors = new Map<string, NativeTensor>();
    for (const [name, array] of named) {
      const data = await array.read();
      const bad = finite ? data.find((value) => !Number.isFinite(value)) : undefined;
      if (bad !== undefined) throw new DivergedError(`${file}'s ${name} holds ${bad}`);
      tensors.set(name, { dtype: "F32", shape: [...array.shape], data });
    }
    files[`${file}.safetensors`] = encodeSafetensors(tensors);
  }
  return files;
}

/** The text of a checkpoint's JSON. */
export function formatState(state: CheckpointState): string {
  return `${formatJson(state, 2)}\n`;
}

/** Checks a checkpoint's JSON. Throws `CheckpointError` naming `folder`. */
export function parseState(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
): CheckpointState {
  return parseJson(schema, fileOf(files, STATE_FILE, folder), `${folder}/${STATE_FILE}`);
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
    const decoded = decodeSafetensors(fileOf(files, `${file}.safetensors`, folder), path, named);
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
