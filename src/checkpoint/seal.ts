// A seal inside a file: the SHA-256 of all its other bytes, as a field of its JSON. (A safetensors file's metadata is
// also JSON.) One file holds both, and keeps its format. A file that was cut, torn or changed in one bit breaks its
// seal.
import { CheckpointError } from "../gpu/errors.ts";
import { sha256 } from "./hashing.ts";

/** The value of a field `seal` before `sealed` fills it in. */
export const EMPTY_SEAL: string = `sha256:${"0".repeat(64)}`;

const FIELD = /"seal": ?"sha256:([0-9a-f]{64})"/;
const REACH = 2 ** 16; // the field is near a file's beginning

/** Returns where the seal's hex digits start, and the digits; undefined for a file without a seal. */
function findSeal(bytes: Uint8Array): { readonly at: number; readonly hex: string } | undefined {
  let head = "";
  for (const byte of bytes.subarray(0, REACH)) head += String.fromCharCode(byte);
  const found = FIELD.exec(head);
  if (!found) return undefined;
  return { at: found.index + found[0].length - 65, hex: found[1]! };
}

const sumOf = (bytes: Uint8Array, at: number): Promise<string> =>
  sha256(Uint8Array.from(bytes).fill(0x30, at, at + 64));

/** Returns a copy of a file's bytes with the seal filled in. They must have a field `seal` of `EMPTY_SEAL`. */
export async function sealed(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const found = findSeal(bytes);
  if (!found) throw new Error("seal: there is no field for it");
  const copy = Uint8Array.from(bytes);
  copy.set(new TextEncoder().encode(await sumOf(bytes, found.at)), found.at);
  return copy;
}

/** Returns a JSON object's text with a seal as its first field. */
export function sealedJson(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const first = `{"seal":${JSON.stringify(EMPTY_SEAL)},`;
  return sealed(new TextEncoder().encode(text.replace("{", () => first)));
}

/** Throws `CheckpointError`, which names the file, unless its bytes are those that were sealed. */
export async function checkSeal(bytes: Uint8Array, name: string): Promise<void> {
  const found = findSeal(bytes);
  if (!found)
    throw new CheckpointError(`${name}: has no seal; it is damaged, or an older version's`);
  if ((await sumOf(bytes, found.at)) !== found.hex) {
    throw new CheckpointError(`${name}: its bytes aren't those that were saved; it is damaged`);
  }
}
