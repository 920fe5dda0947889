// Finds, parses and checks the header of a safetensors file, as strictly as the reference, safetensors 0.8.0. It knows
// nothing about the data except its length.

import { CheckpointError } from "../gpu/errors.ts";
import { quote } from "../gpu/foreign-text.ts";
import { parseHeaderJson, type JsonArray, type JsonObject, type JsonValue } from "./header-json.ts";

/** The element types of safetensors 0.8.0. */
export type Dtype = keyof typeof DTYPE_BITS;

// In the reference's order. Its writer puts tensors of later types first, which aligns all of them.
const DTYPE_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** The element types in the reference's order. */
export const DTYPES: readonly Dtype[] = Object.keys(DTYPE_BITS).filter(isDtype);

/** A tensor in the header. `begin` and `end` count bytes from the start of the data. */
export interface TensorInfo {
  readonly key: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A checked header. */
export interface Header {
  /** In the order of their data. */
  readonly tensors: readonly TensorInfo[];
  /** Free strings. The object has no prototype, so any key is just a key. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data begins, in bytes from the start of the file. */
  readonly dataStart: number;
}

/** The header's key for metadata, which no tensor may have. */
export const METADATA_KEY = "__metadata__";
/** The first eight bytes hold the header's length. */
export const LENGTH_BYTES = 8;
/** The longest header that the format allows. */
export const MAX_HEADER_BYTES = 100_000_000;
/**
 * The longest header that is read if the caller doesn't say which tensors it needs: parsed JSON may take 90 times its
 * length, and the headers of checkpoints have a few thousand bytes.
 */
export const USUAL_HEADER_BYTES: number = 2 ** 16;
// In addition to the needs of the requested tensors: metadata, and another writer's spacing of its JSON.
const HEADER_SLACK_BYTES = 2 ** 15;

/** The tensors that a file should hold, by name. */
export type ExpectedTensors = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Returns the longest header that is read if just these tensors are requested. */
export function longestHeader(expected: ExpectedTensors): number {
  let bytes = HEADER_SLACK_BYTES;
  for (const [name, { shape }] of expected) {
    // 200 bytes for field names and offsets; six bytes for an escaped character.
    bytes += 200 + 6 * name.length + 20 * shape.length;
  }
  return Math.min(bytes, MAX_HEADER_BYTES);
}

const U64_END = 2n ** 64n;

/**
 * Reads and checks the header of a whole file, `bytes`. Afterwards, every byte of data belongs to exactly one tensor.
 * Errors call the file `name`. A header of more than `most` bytes isn't parsed. Throws CheckpointError.
 */
export function readHeader(
  bytes: Uint8Array,
  name: string,
  most: number = USUAL_HEADER_BYTES,
): Header {
  const { text, dataStart } = headerText(bytes, name, most);
  const header = parseHeaderJson(text, (what) => refuse(name, `its header isn't JSON: ${what}`));
  if (!isObject(header)) return refuse(name, "its header isn't a JSON object");

  // The latter of two equal names counts, as in the reference.
  const infos = new Map<string, RawInfo>();
  for (const [key, value] of header.entries) {
    if (key !== METADATA_KEY) infos.set(key, rawInfo(value, key, name));
  }
  const metadata = stringRecord(field(header, METADATA_KEY, "its header", name) ?? null, name);
  const laid = [...infos.values()].sort(
    (a, b) => compare(a.begin, b.begin) || compare(a.end, b.end),
  );
  checkCover(laid, bytes.length - dataStart, name);
  // Safe as numbers: none exceeds the file's length, or, for dimensions, 2^53.
  const tensors = laid.map(({ key, dtype, shape, begin, end }) => {
    return { key, dtype, shape: shape.map(Number), begin: Number(begin), end: Number(end) };
  });
  return { tensors, metadata, dataStart };
}

/** Compares strings by UTF-16 code unit, and numbers by size; for `sort`. */
export function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Throws a CheckpointError that names the file and what is wrong with it. */
export function refuse(name: string, what: string): never {
  throw new CheckpointError(`${name}: ${what}.`);
}

/** Returns a shape of any rank as text of limited length. */
export function shapeWords(shape: readonly (number | bigint)[]): string {
  return shape.length > 16
    ? `[${shape.slice(0, 16).join(", ")}, … ${shape.length} in all]`
    : `[${shape.join(", ")}]`;
}

// A tensor as in the header. Sizes and offsets are u64, which only bigint holds.
interface RawInfo {
  readonly key: string;
  readonly dtype: Dtype;
  readonly shape: readonly bigint[];
  readonly begin: bigint;
  readonly end: bigint;
}

function headerText(
  bytes: Uint8Array,
  name: string,
  most: number,
): { text: string; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) {
    return refuse(name, `ends after ${bytes.length} bytes; a safetensors file has at least 8`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    return refuse(
      name,
      `not a safetensors file: says its header has ${length} bytes; at most ${MAX_HEADER_BYTES} are allowed`,
    );
  }
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > bytes.length) {
    return refuse(
      name,
      `ends after ${bytes.length} bytes, within its header of ${length}: it was cut short`,
    );
  }
  if (length > most) {
    return refuse(
      name,
      `says its header has ${length} bytes; a header for the requested tensors has at most ${most}`,
    );
  }
  try {
    // A byte order mark stays in the text, where JSON then refuses it.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes.subarray(LENGTH_BYTES, dataStart)), dataStart };
  } catch {
    return refuse(name, "its header isn't UTF-8");
  }
}

function rawInfo(value: JsonValue, key: string, name: string): RawInfo {
  const where = `tensor ${quote(key)}`;
  if (!isObject(value)) return refuse(name, `${where} isn't described by a JSON object`);
  const dtype = field(value, "dtype", where, name);
  const shape = integers(field(value, "shape", where, name));
  const [begin, end, ...more] = integers(field(value, "data_offsets", where, name)) ?? [];
  if (typeof dtype !== "string" || !isDtype(dtype)) {
    const got = typeof dtype === "string" ? quote(dtype) : "none";
    return refuse(name, `${where} has element type ${got}; allowed are ${DTYPES.join(", ")}`);
  }
  if (shape === undefined) return refuse(name, `${where} has no shape of whole numbers`);
  if (begin === undefined || end === undefined || more.length > 0) {
    return refuse(name, `${where} has no data_offsets of two whole numbers`);
  }
  return { key, dtype, shape, begin, end };
}

function stringRecord(value: JsonValue, name: string): Record<string, string> {
  const record: Record<string, string> = Object.create(null);
  if (value === null) return record;
  if (!isObject(value)) return refuse(name, `${METADATA_KEY} isn't a JSON object`);
  for (const [key, text] of value.entries) {
    if (typeof text !== "string") {
      return refuse(name, `${METADATA_KEY} has something other than a string under ${quote(key)}`);
    }
    record[key] = text;
  }
  return record;
}

// Every byte belongs to exactly one tensor, and every tensor has the bytes that its shape asks for.
function checkCover(laid: readonly RawInfo[], dataBytes: number, name: string): void {
  let at = 0n;
  for (const { key, dtype, shape, begin, end } of laid) {
    const where = `tensor ${quote(key)}`;
    if (begin !== at || end < begin) {
      return refuse(
        name,
        `${where} has invalid offsets ${begin} to ${end}; its data should start at ${at}`,
      );
    }
    at = end;
    // Overflow at any step is refused, as in the reference, even if a later dimension is 0.
    let bits = 1n;
    for (const size of [...shape, BigInt(DTYPE_BITS[dtype])]) {
      bits *= size;
      if (bits >= U64_END) return refuse(name, `the size of ${where} exceeds 2^64 bits`);
    }
    if (bits % 8n !== 0n) {
      return refuse(name, `${where} fills ${bits} bits, which is not a whole number of bytes`);
    }
    if (bits / 8n !== end - begin) {
      return refuse(
        name,
        `${where} is ${dtype} of shape ${shapeWords(shape)}, ${bits / 8n} bytes, but its offsets hold ${end - begin}`,
      );
    }
    if (shape.some((size) => size > Number.MAX_SAFE_INTEGER)) {
      return refuse(name, `${where} has a dimension above 2^53`);
    }
  }
  if (at !== BigInt(dataBytes)) {
    const verdict = BigInt(dataBytes) < at ? "it was cut short" : "it has too many bytes";
    return refuse(
      name,
      `has ${dataBytes} bytes of data, but its header asks for ${at}: ${verdict}`,
    );
  }
}

// Returns the one value of `key`, or undefined. A tensor's own fields may not be duplicated.
function field(
  object: JsonObject,
  key: string,
  where: string,
  name: string,
): JsonValue | undefined {
  const found = object.entries.filter(([other]) => other === key);
  if (found.length > 1) return refuse(name, `${where} has ${key} twice`);
  return found[0]?.[1];
}

function integers(value: JsonValue | undefined): readonly bigint[] | undefined {
  if (value === undefined || !isArray(value)) return undefined;
  const found = value.items.filter(
    (item): item is bigint => typeof item === "bigint" && item >= 0n && item < U64_END,
  );
  return found.length === value.items.length ? found : undefined;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && "entries" in value;
}

function isArray(value: JsonValue): value is JsonArray {
  return typeof value === "object" && value !== null && "items" in value;
}

function isDtype(text: string): text is Dtype {
  return Object.hasOwn(DTYPE_BITS, text);
}
