// The child process of read-hdf5.ts: reads HDF5 files in h5wasm's own memory, so that a file that leads the C library
// astray costs this process alone. It sees no file of the machine.
import { Dataset, File, Group, ready } from "h5wasm";
import type { Answer, Hdf5Array } from "./read-hdf5.ts";

const MOST_DEPTH = 8;
const MOST_OBJECTS = 10_000;
const MOST_AXES = 8;
const MOST_TEXT = 2 ** 16; // bytes of an attribute
/** HDF5's numbers of the classes of element types that are named. */
const [INTEGER, FLOAT, TEXT] = [0, 1, 3];

const { FS, activate_throwing_error_handler: throwErrors } = await ready;
throwErrors(); // instead of printing them

process.once("disconnect", () => process.exit());
process.on("message", ({ bytes, attribute }: { bytes: Uint8Array; attribute: string }) => {
  process.send!(answerTo(bytes, attribute));
});
process.send!("ready");

let count = 0;

function answerTo(bytes: Uint8Array, attribute: string): Answer {
  count += 1;
  const path = `${count}.h5`; // HDF5 would take one that is open for the new one of the same name
  try {
    FS.writeFile(path, bytes);
    const file = new File(path, "r");
    const found = { arrays: arraysIn(file, bytes.length), text: textOf(file, attribute) };
    file.close();
    FS.unlink(path);
    return found;
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Returns a file's datasets by their paths. Throws if there are too many, or links. */
function arraysIn(file: File, size: number): Readonly<Record<string, Hdf5Array>> {
  const arrays: Record<string, Hdf5Array> = {};
  let objects = 0;
  let left = size; // so that datasets that overlap don't multiply it
  const visit = (group: Group, path: string, depth: number): void => {
    for (const name of group.keys()) {
      objects += 1;
      if (depth > MOST_DEPTH || objects > MOST_OBJECTS) throw new Error("too many groups in it");
      const own = `${path}${name}`;
      const each = group.get(name);
      if (each instanceof Group) visit(each, `${own}/`, depth + 1);
      else if (each instanceof Dataset) {
        const array = arrayOf(each, left);
        left -= array.data?.byteLength ?? 0;
        arrays[own] = array;
      } else throw new Error(`${own} in it is no group and no dataset`);
    }
  };
  visit(file, "", 0);
  return arrays;
}

/** Returns a dataset: with its numbers if they are floats of 32 bits that lie in the file as they are. */
function arrayOf(dataset: Dataset, left: number): Hdf5Array {
  const {
    type,
    size,
    signed,
    littleEndian,
    chunks,
    shape,
    virtual_sources: sources,
  } = dataset.metadata;
  const own = shape ?? [];
  if (own.length > MOST_AXES) throw new Error(`a dataset of ${own.length} axes in it`);
  const kind =
    type === FLOAT ? "float" : type === INTEGER ? (signed ? "int" : "uint") : "another type";
  const name = kind === "another type" ? kind : `${kind}${8 * size}`;
  if (name !== "float32" || !littleEndian) {
    return { type: littleEndian ? name : `${name}, big-endian`, shape: own };
  }
  if (chunks || sources || shape === null) return { type: `${name} in chunks`, shape: own };
  const bytes = own.reduce((product, extent) => product * extent, size);
  if (bytes > left) throw new Error("its datasets take more than its bytes");
  const { value } = dataset;
  if (value instanceof Float32Array) return { type: name, shape: own, data: value };
  return own.includes(0)
    ? { type: name, shape: own, data: new Float32Array(0) }
    : { type: `${name} without numbers`, shape: own };
}

/** Returns a text of the root; undefined if it has none. */
function textOf(file: File, name: string): string | undefined {
  const attribute = file.attrs[name];
  if (!attribute) return undefined;
  const { type, total_size: total, size, vlen } = attribute.metadata;
  if (type !== TEXT || total !== 1 || (!vlen && size > MOST_TEXT)) return undefined;
  const { value } = attribute;
  return typeof value === "string" && value.length <= MOST_TEXT ? value : undefined;
}
