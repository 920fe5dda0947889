// Writes the arrays of a checkpoint or a saved model as safetensors files, and reads them back onto the device.
import type { GpuArray } from "../gpu/array.ts";
import { CheckpointError, DivergedError } from "../gpu/errors.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  readTensor,
  type NativeTensor,
} from "./safetensors.ts";

/** Arrays by file (without its ending) and name. */
export type CheckpointArrays = Readonly<Record<string, ReadonlyMap<string, GpuArray>>>;

/**
 * Reads every array from the device and returns the safetensors files of a checkpoint, by name. With `finite`, throws
 * `DivergedError` on an element that isn't finite: such a checkpoint must not replace a sound one.
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

/**
 * Writes a checkpoint's arrays to the device. All files are read and checked before the first array changes. Throws
 * `CheckpointError` if a tensor is missing or has another shape.
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
        `${path}: holds ${decoded.tensors.size} tensors, but the model has ${named.size}; it belongs to another model`,
      );
    }
    return [...named].map(([name, array]) => {
      const shape = [...array.shape];
      return { array, data: readTensor(decoded, name, "F32", shape) };
    });
  });
  for (const { array, data } of found) array.write(data);
}

/** Returns a file of a checkpoint. Throws `CheckpointError`, which names `folder`, if it is missing. */
export function fileOf(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
  folder: string,
): Uint8Array {
  const bytes = files.get(name);
  if (bytes) return bytes;
  throw new CheckpointError(`${folder}: has no ${name}; the checkpoint is incomplete`);
}
