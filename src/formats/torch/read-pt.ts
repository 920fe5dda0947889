// Reads a state dict that `torch.save` wrote: a zip of stored files, one pickle that names tensors, and their bytes.
import type { NativeTensor, SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { quote } from "../../gpu/foreign-text.ts";
import { isZip, storedFiles, type Refuse } from "../stored-zip.ts";
import { unpickleTensors, type TensorRef } from "./pickle.ts";

const MOST_PICKLE = 2 ** 20; // bytes
const AGAIN = "save it again with torch.save(model.state_dict(), path)";

/** Parses a `.pt` file; errors call it `name`. Tensors are copies. Throws `CheckpointError`. */
export function parsePt(bytes: Uint8Array, name: string): SafetensorsFile {
  const refuse: Refuse = (what) => {
    throw new CheckpointError(`${name}: ${what}`);
  };
  if (!isZip(bytes)) return refuse(`is no zip, as torch.save writes since PyTorch 1.6; ${AGAIN}`);
  const files = storedFiles(bytes, refuse, AGAIN);
  const pickle = [...files.keys()].find(
    (path) => path.split("/").slice(1).join("/") === "data.pkl",
  );
  if (pickle === undefined) return refuse(`holds no data.pkl; ${AGAIN}`);
  const root = pickle.slice(0, -"data.pkl".length);
  const order = files.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(order) !== "little") {
    return refuse("was written on a big-endian machine; save it on another");
  }
  const text = files.get(pickle)!;
  if (text.length > MOST_PICKLE) return refuse(`its data.pkl has ${text.length} bytes; ${AGAIN}`);
  const tensors = new Map<string, NativeTensor>();
  let left = bytes.length; // so that views of one storage don't multiply it
  for (const [key, ref] of unpickleTensors(text, refuse)) {
    const what = `tensor ${quote(key)}`;
    const stored = files.get(`${root}data/${ref.storage.key}`);
    if (!stored) return refuse(`${what} is in ${quote(ref.storage.key)}, which the file hasn't`);
    const tensor = tensorOf(ref, stored, (fault) => refuse(`${what} ${fault}`));
    left -= tensor.data.byteLength;
    if (left < 0) return refuse(`its tensors take more than its ${bytes.length} bytes; ${AGAIN}`);
    tensors.set(key, tensor);
  }
  return { name, tensors, metadata: {} };
}

/** Returns a tensor's elements, row-major. */
function tensorOf(
  { storage, offset, shape, strides }: TensorRef,
  stored: Uint8Array,
  refuse: Refuse,
): NativeTensor {
  const isLong = storage.type === "LongStorage";
  if (!isLong && storage.type !== "FloatStorage") {
    return refuse(`is in a ${storage.type}; save it as float32: model.float().state_dict()`);
  }
  const width = isLong ? 8 : 4;
  const has = Math.floor(stored.length / width);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset);
  if (size > has || (size > 0 && last >= has)) {
    return refuse(`reaches past its storage of ${has} elements`);
  }
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const at = shape.map(() => 0);
  let from = offset;
  const next = (): number => {
    const found = from * width;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      at[axis]! += 1;
      from += strides[axis]!;
      if (at[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      at[axis] = 0;
    }
    return found;
  };
  if (isLong) {
    const data = BigInt64Array.from({ length: size }, () => view.getBigInt64(next(), true));
    return { dtype: "I64", shape, data };
  }
  const words = Uint32Array.from({ length: size }, () => view.getUint32(next(), true));
  return { dtype: "F32", shape, data: new Float32Array(words.buffer) };
}
