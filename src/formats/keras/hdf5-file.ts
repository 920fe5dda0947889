// HDF5 files as trees of groups, arrays and text, written by h5wasm, which is loaded only for this.
import type { PlainArray } from "../plain-network.ts";

/** A group of an HDF5 file. */
export interface Hdf5Group {
  readonly groups?: ReadonlyMap<string, Hdf5Group>;
  readonly arrays?: ReadonlyMap<string, PlainArray>;
  /** Attributes: text, or a list of texts. */
  readonly texts?: Readonly<Record<string, string | readonly string[]>>;
}

/** Returns the bytes of an HDF5 file of 32-bit floats, little-endian, which HDF5 1.8 and later read. */
export async function encodeHdf5(root: Hdf5Group): Promise<Uint8Array> {
  const { File, ready } = await import("h5wasm");
  const { FS } = await ready;
  const path = "out.h5"; // in h5wasm's own memory: no file of this machine
  const file = new File(path, "w");
  const fill = (group: InstanceType<typeof File>["root"], { groups, arrays, texts }: Hdf5Group) => {
    for (const [name, text] of Object.entries(texts ?? {})) {
      group.create_attribute(name, typeof text === "string" ? text : [...text]);
    }
    for (const [name, { shape, data }] of arrays ?? []) {
      group.create_dataset({ name, data, shape: [...shape] });
    }
    for (const [name, inner] of groups ?? []) fill(group.create_group(name), inner);
  };
  try {
    fill(file, root);
  } finally {
    file.close();
  }
  const bytes = FS.readFile(path);
  FS.unlink(path);
  return bytes;
}
