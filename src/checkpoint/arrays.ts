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
      tensors.set(name, await tensorOf(array, finite ? `${file}'s ${name}` : undefined));
    }
    files[`${file}.safetensors`] = encodeSafetensors(tensors);
  }
  return files;
}

/** Reads an array: floats, or bytes. With a name, throws `DivergedError` on an element that isn't finite. */
async function tensorOf(array: GpuArray, name?: string): Promise<NativeTensor> {
  const shape = [...array.shape];
  if (array.dtype === "u8") return { dtype: "U8", shape, data: await array.read("u8") };
  const data = await array.read("f32");
  const bad = name === undefined ? undefined : data.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new DivergedError(`${name} holds ${bad}`);
  return { dtype: "F32", shape, data };
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
      const dtype = array.dtype === "u8" ? "U8" : "F32";
      return { array, data: readTensor(decoded, name, dtype, [...array.shape]) };
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
