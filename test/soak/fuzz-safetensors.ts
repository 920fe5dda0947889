// Safetensors files that nobody would write: each is read as it is written, or quickly refused.
import {
  decodeSafetensors,
  encodeSafetensors,
  type NativeTensor,
  type SafetensorsFile,
} from "../../src/checkpoint/safetensors.ts";
import type { ExpectedTensors } from "../../src/checkpoint/safetensors-header.ts";
import {
  below,
  joined,
  pick,
  randomFrom,
  sameBytes,
  tally,
  type Fuzzed,
  type Random,
} from "./fuzzing.ts";
import { spoilt } from "./spoil.ts";

/**
 * Reads `count` files from a seed: some as they were written, most spoilt in their bytes or with a header made of the
 * format's own words in the wrong places, now and then as large as is read at all. What is accepted must be what the
 * bytes say: written again and read again it is the same.
 */
export function fuzzSafetensors(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  return tally(count, () => {
    const written = encodeSafetensors(tensorsFrom(random));
    const kind = random();
    const bytes =
      kind < 0.1
        ? written
        : kind < 0.6
          ? spoilt(written, random)
          : fileOf(headerFrom(random), random);
    const expected: ExpectedTensors | undefined =
      random() < 0.5 ? new Map([["a", { shape: [2] }]]) : undefined;
    return { size: bytes.length, read: () => lieOf(bytes, expected) };
  });
}

/** What is wrong with what a file is read as, if anything. */
function lieOf(bytes: Uint8Array, expected: ExpectedTensors | undefined): string | undefined {
  const { tensors } = decodeSafetensors(bytes, "f", expected);
  let total = 0;
  for (const [key, tensor] of tensors) {
    const { shape, data } = tensor;
    total += data.byteLength;
    const elements = shape.reduce((product, size) => product * size, 1);
    if (isNative(tensor) && elements !== data.length) return `${key} has other data than its shape`;
  }
  if (total > bytes.length) return `holds ${total} bytes, the file has ${bytes.length}`;
  const native = nativeOf(tensors);
  if (native.size < tensors.size) return undefined;
  const again = encodeSafetensors(native);
  const twice = encodeSafetensors(nativeOf(decodeSafetensors(again, "again").tensors));
  return sameBytes(again, twice) ? undefined : "is another once written";
}

function nativeOf(tensors: SafetensorsFile["tensors"]): Map<string, NativeTensor> {
  return new Map(
    [...tensors].flatMap(([name, tensor]): [string, NativeTensor][] =>
      isNative(tensor) ? [[name, tensor]] : [],
    ),
  );
}

function isNative(tensor: { readonly dtype: string }): tensor is NativeTensor {
  return ["F32", "I32", "U32", "F16", "U8", "I64"].includes(tensor.dtype);
}

const NAMES = ["a", "dense.kernel", "", "__proto__", "10", "ä€😀", 'quo"te', "new\nline"];

function tensorsFrom(random: Random): Map<string, NativeTensor> {
  const tensors = new Map<string, NativeTensor>();
  for (let left = below(random, 4); left > 0; left -= 1) {
    const shape = Array.from({ length: below(random, 4) }, () => below(random, 4));
    const size = shape.reduce((product, extent) => product * extent, 1);
    const data = Float32Array.from({ length: size }, () => random() - 0.5);
    tensors.set(pick(random, NAMES), { dtype: "F32", shape, data });
  }
  return tensors;
}

const WORDS = [
  '"a"',
  '"b"',
  '"dtype"',
  '"shape"',
  '"data_offsets"',
  '"__metadata__"',
  '"F32"',
  '"F64"',
  '"F4"',
  '"F16"',
  '"U8"',
  '"BOOL"',
  "[",
  "]",
  "{",
  "}",
  ":",
  ",",
  "0",
  "1",
  "2",
  "4",
  "8",
  "-0",
  "-1",
  "1e999",
  "0.5",
  "18446744073709551615",
  "18446744073709551616",
  "9007199254740993",
  "null",
  "true",
  '"\\ud800"',
  '"\\u0000"',
  '"__proto__"',
  " ",
  "\n",
  "\ufeff",
  "/*",
  "NaN",
];
const INFO = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';

function headerFrom(random: Random): string {
  const kind = below(random, 12);
  if (kind === 0)
    return pick(random, ["[", '{"a":', '{"a":[', "{}", "[]"]).repeat(below(random, 300));
  if (kind < 4)
    return Array.from({ length: below(random, 30) }, () => pick(random, WORDS)).join("");
  // One as large as is read, or larger: rare, as it takes a fifth of a second.
  if (kind === 4 && random() < 0.0005) {
    const unit = pick(random, ["[],", "{},", "0,", '"":0,', "1.5,", '"",']);
    return `{"a":{"shape":[${unit.repeat((random() < 0.5 ? 2 ** 16 : 2 ** 20) / unit.length - 20)}0]}}`;
  }
  const dtype = pick(random, ['"F32"', '"U8"', '"F4"', '"F16"', '"F64"', '"X"', "1", "null"]);
  const extents = (): string =>
    Array.from({ length: below(random, 4) }, () =>
      pick(random, ["0", "1", "2", "3", "-1", "1e3", "4294967296", "18446744073709551615"]),
    ).join(",");
  const offset = (): string =>
    pick(random, ["0", "4", "8", "8", "8", "12", "-1", "18446744073709551615", "0.5"]);
  const one = `{"dtype":${dtype},"shape":[${extents()}],"data_offsets":[${offset()},${offset()}]}`;
  const parts = [`"a":${random() < 0.5 ? INFO : one}`, `"b":${one}`, '"__metadata__":{"x":"y"}'];
  return `{${parts.filter(() => random() < 0.5).join(",")}}`;
}

function fileOf(header: string, random: Random): Uint8Array {
  const text = Buffer.from(header);
  const length = new Uint8Array(8);
  const said =
    random() < 0.9 ? text.length : pick(random, [0, text.length + 1, 1e8, 1e8 + 1, 2 ** 40]);
  new DataView(length.buffer).setBigUint64(0, BigInt(said), true);
  return joined(length, text, new Uint8Array(pick(random, [0, 4, 8, 8, 8, 16])));
}
