// The safetensors format, compared with the verdicts and bytes of the reference, and with itself.

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeSafetensors,
  encodeSafetensors,
  readFloats,
  readTensor,
  type NativeTensor,
} from "../../src/checkpoint/safetensors.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { toHalves } from "../../src/gpu/half.ts";
import { messageOf } from "../support/message-of.ts";

interface Vector {
  readonly name: string;
  readonly base64: string | null;
  readonly generator: string | null;
  readonly expected: string | null;
  /** What safetensors 0.8.0 said, in Python. */
  readonly reference: string;
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("../fixtures/safetensors_vectors.json", import.meta.url), "utf8"),
);

// How our words for a fault correspond to the reference's kinds; "error" leaves the kind open.
const KINDS: ReadonlyMap<string, RegExp> = new Map([
  ["HeaderTooSmall", /ends after \d bytes; a safetensors file has at least 8/],
  ["InvalidHeaderLength", /within its header of \d+: it was cut short/],
  ["HeaderTooLarge", /says its header has \d+ bytes; at most 100000000 are allowed/],
  ["InvalidHeader", /its header isn't UTF-8/],
  ["InvalidHeaderDeserialization", /its header isn't JSON: /],
  ["MetadataIncompleteBuffer", /bytes of data, but its header asks for \d+: it /],
  ["TensorInvalidInfo", /of shape \[.*\], \d+ bytes, but its offsets hold \d+/],
  ["InvalidOffset", /invalid offsets \d+ to \d+; its data should start at \d+/],
  ["ValidationOverflow", /exceeds 2\^64 bits/],
  ["error", /./],
]);

function bytesOf({ base64, generator }: Vector): Uint8Array {
  if (generator === null) return Uint8Array.from(Buffer.from(base64 ?? "", "base64"));
  const [, length, text, times] = /^u64le\((\d+)\) \+ "(.+)" \* (\d+)$/.exec(generator) ?? [];
  const header = Buffer.alloc(8);
  header.writeBigUInt64LE(BigInt(length ?? ""));
  return Buffer.concat([header, Buffer.from((text ?? "").repeat(Number(times)))]);
}

// A file with this header, and as many bytes of data.
function fileWith(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function refusal(bytes: Uint8Array): Promise<string> {
  return messageOf(CheckpointError, () => decodeSafetensors(bytes, "weights"));
}

// The bits: NaN payloads and the sign of zero count.
function bits(data: NativeTensor["data"]): number[] {
  return Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

describe("the reference's verdicts", () => {
  test("there are 38", () => {
    expect(vectors.length).toBe(38);
  });

  const accepted = vectors.filter(({ reference }) => reference.endsWith(": ok"));
  test.each(accepted)("accepts: $name", (vector) => {
    expect(vector.expected).toMatch(/^ok/);
    expect(decodeSafetensors(bytesOf(vector), vector.name).name).toBe(vector.name);
  });

  const refused = vectors.filter(({ reference }) => !reference.endsWith(": ok"));
  test.each(refused)("refuses: $name", async (vector) => {
    // Where the format leaves it open (duplicate keys), the reference's own verdict counts.
    const open = vector.reference.includes("invalid offset") ? "InvalidOffset" : "error";
    const kind = KINDS.get(vector.expected ?? "") ?? KINDS.get(open);
    const message = await refusal(bytesOf(vector));
    expect(message).toMatch(/^weights: /);
    expect(message).toMatch(kind ?? /never/);
  });

  const info = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';

  // Each of these tried on safetensors 0.8.0 in Python.
  const alsoAccepted: readonly [what: string, header: string, dataBytes: number][] = [
    [
      "an equal name twice, the latter counts",
      `{"t":${info.replace("[0,4]", "[4,8]")},"t":${info}}`,
      4,
    ],
    ["metadata of null", `{"__metadata__":null,"t":${info}}`, 4],
    ["a key twice in the metadata", '{"__metadata__":{"a":"1","a":"2"}}', 0],
    ["unknown fields", `{"t":{"x":[1e-9,null,{"y":true}],${info.slice(1)}}`, 4],
    ["127 levels", `{"t":{"x":${"[".repeat(125)}${"]".repeat(125)},${info.slice(1)}}`, 4],
    ["escapes in names", `{"\\u0074\\ud83d\\ude00\\n":${info}}`, 4],
    ["an empty name", `{"":${info}}`, 4],
    [
      "a size of 0 before an overflow",
      '{"t":{"dtype":"F32","shape":[0,4294967296,4096],"data_offsets":[0,0]}}',
      0,
    ],
    [
      "types of less than a byte",
      '{"t":{"dtype":"F6_E2M3","shape":[2,2],"data_offsets":[0,3]}}',
      3,
    ],
  ];
  test.each(alsoAccepted)("accepts %s", (_, header, dataBytes) => {
    expect(decodeSafetensors(fileWith(header, dataBytes), "f").tensors.size).toBeLessThan(2);
  });

  const alsoRefused: readonly [what: string, header: string, dataBytes: number, message: RegExp][] =
    [
      ["a field twice", `{"t":{"dtype":"F32",${info.slice(1)}}`, 4, /tensor "t" has dtype twice/],
      ["metadata twice", '{"__metadata__":{},"__metadata__":{}}', 0, /has __metadata__ twice/],
      [
        "128 levels",
        `{"t":{"x":${"[".repeat(126)}${"]".repeat(126)},${info.slice(1)}}`,
        4,
        /nesting too deep/,
      ],
      ["a byte order mark", `\ufeff{"t":${info}}`, 4, /unexpected/],
      ["half a surrogate pair", `{"\\ud800":${info}}`, 4, /isn't Unicode/],
      ["a bare control character", `{"\t":${info}}`, 4, /a damaged string/],
      ["a trailing comma", `{"t":${info},}`, 4, /expected a key/],
      [
        "a leading zero",
        '{"t":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}',
        4,
        /isn't JSON/,
      ],
      [
        "minus zero",
        '{"t":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}',
        0,
        /no shape of whole numbers/,
      ],
      ["a number out of range", `{"t":{"x":1e400,${info.slice(1)}}`, 4, /a number out of range/],
      ["two values", `{"t":${info}}{}`, 4, /text after the end/],
      [
        "an overflow before a size of 0",
        '{"t":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}',
        0,
        /exceeds 2\^64 bits/,
      ],
      [
        "half bytes",
        '{"t":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}',
        2,
        /12 bits, which is not a whole number of bytes/,
      ],
      ["a name of two lines", '{"a\\nb":1}', 0, /tensor "a\\nb" isn't described by a JSON object/],
    ];
  test.each(alsoRefused)("refuses %s", async (_, header, dataBytes, message) => {
    expect(await refusal(fileWith(header, dataBytes))).toMatch(message);
  });

  // Our own: the reference accepts it, but no JavaScript number holds it.
  test("refuses a dimension above 2^53, even of an empty tensor", async () => {
    const header = '{"t":{"dtype":"F32","shape":[0,9007199254740993],"data_offsets":[0,0]}}';
    expect(await refusal(fileWith(header, 0))).toMatch(/a dimension above 2\^53/);
  });
});

describe("encodeSafetensors", () => {
  // Written by safetensors 0.8.0 (Python, `serialize`) from the same tensors.
  const REFERENCE_BYTES =
    "eAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJzdGVwIjoiMTIifSwiYSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwyXSwiZGF0YV9vZmZzZXRzIjpbMCwwXX0sImNvbnYvYiI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzAsMTJdfSwiw6lcIlxuIjp7ImR0eXBlIjoiVTMyIiwic2hhcGUiOlsxLDFdLCJkYXRhX29mZnNldHMiOlsxMiwxNl19LCIxMCI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzE2LDI0XX0sIjkiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzI0LDI4XX0sIm1hc2siOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzI4LDMxXX19ICAgAADAPwAAAMAAAAAA776t3v////8HAAAACQAAAAEC/w==";
  const tensors: readonly [string, NativeTensor][] = [
    ["mask", { dtype: "U8", shape: [3], data: new Uint8Array([1, 2, 255]) }],
    ["9", { dtype: "I32", shape: [], data: new Int32Array([9]) }],
    ["10", { dtype: "I32", shape: [2], data: new Int32Array([-1, 7]) }],
    ["conv/b", { dtype: "F32", shape: [3], data: new Float32Array([1.5, -2, 0]) }],
    ["a", { dtype: "F32", shape: [0, 2], data: new Float32Array(0) }],
    ['é"\n', { dtype: "U32", shape: [1, 1], data: new Uint32Array([0xdeadbeef]) }],
  ];

  test("writes the reference's own bytes, in whatever order the tensors come", () => {
    for (const order of [tensors, tensors.toReversed()]) {
      const bytes = encodeSafetensors(new Map(order), { step: "12" });
      expect(Buffer.from(bytes).toString("base64")).toBe(REFERENCE_BYTES);
    }
  });

  test("writes an empty file, which is read again", () => {
    const bytes = encodeSafetensors(new Map());
    expect(Buffer.from(bytes).toString("latin1")).toBe("\x08\0\0\0\0\0\0\0{}      ");
    const file = decodeSafetensors(bytes, "f");
    expect([file.tensors.size, Object.keys(file.metadata).length]).toEqual([0, 0]);
  });

  const BYTES = new Map([
    ["F32", 4],
    ["I32", 4],
    ["U32", 4],
    ["F16", 2],
    ["U8", 1],
  ]);
  const elements = {
    F16: (bytes: Uint8Array<ArrayBuffer>) => new Uint16Array(bytes.buffer),
    F32: (bytes: Uint8Array<ArrayBuffer>) => new Float32Array(bytes.buffer),
    I32: (bytes: Uint8Array<ArrayBuffer>) => new Int32Array(bytes.buffer),
    U32: (bytes: Uint8Array<ArrayBuffer>) => new Uint32Array(bytes.buffer),
  };
  const anyTensor = fc
    .record({
      dtype: fc.constantFrom(...(["F32", "I32", "U32", "F16", "U8"] as const)),
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
      seed: fc.nat(1 << 30),
    })
    .map(({ dtype, shape, seed }): NativeTensor => {
      const size = shape.reduce((a, b) => a * b, 1);
      // Any bits at all: among the floats infinities, subnormals and NaNs of every payload.
      const bytes = Uint8Array.from({ length: (BYTES.get(dtype) ?? 0) * size }, (_, i) => {
        const mixed = Math.imul(seed + i, 0x9e3779b1);
        return seed % 3 === 0 && i % 4 > 1 ? 255 - (mixed & 1) : mixed >>> 24;
      });
      switch (dtype) {
        case "F32":
          return { dtype, shape, data: elements.F32(bytes) };
        case "I32":
          return { dtype, shape, data: elements.I32(bytes) };
        case "U32":
          return { dtype, shape, data: elements.U32(bytes) };
        case "F16":
          return { dtype, shape, data: elements.F16(bytes) };
        case "U8":
          return { dtype, shape, data: bytes };
      }
    });
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "constructor", "toString", "", "0", "10", "\0", "\u2028"),
  );
  const anyName = anyText.filter((name) => name !== "__metadata__");

  test("what is written is read: every bit, shape and string", () => {
    const anyTensors = fc.array(fc.tuple(anyName, anyTensor), { maxLength: 6 });
    const anyMetadata = fc.array(fc.tuple(anyText, anyText), { maxLength: 4 });
    fc.assert(
      fc.property(anyTensors, anyMetadata, fc.nat(7), (named, pairs, shift) => {
        const written = new Map(named);
        const metadata = Object.fromEntries(pairs);
        const bytes = encodeSafetensors(written, metadata);

        // Where the file lies in memory must not matter.
        const shifted = new Uint8Array(bytes.length + shift);
        shifted.set(bytes, shift);
        const file = decodeSafetensors(shifted.subarray(shift), "f");
        expect(new Map(Object.entries(file.metadata))).toEqual(new Map(Object.entries(metadata)));
        expect(file.tensors.size).toBe(written.size);
        for (const [name, { dtype, shape, data }] of written) {
          const read = readTensor(file, name, dtype, shape);
          expect(Object.getPrototypeOf(read)).toBe(Object.getPrototypeOf(data));
          expect(bits(read)).toEqual(bits(data));
        }
      }),
    );
  });

  test("the data start at a multiple of 8, every tensor at one of its element", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyName, anyTensor)), (named) => {
        const bytes = encodeSafetensors(new Map(named));
        const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
        const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
        expect(length % 8).toBe(0);
        for (const { dtype, data_offsets } of Object.values(header ?? {})) {
          expect(data_offsets[0] % (BYTES.get(dtype) ?? 0)).toBe(0);
        }
      }),
    );
  });

  test("reading copies: the file's bytes may change afterwards", () => {
    const bytes = encodeSafetensors(new Map(tensors));
    const file = decodeSafetensors(bytes, "f");
    bytes.fill(0);
    expect(Array.from(readTensor(file, "mask", "U8"))).toEqual([1, 2, 255]);
    expect(Array.from(readTensor(file, "conv/b", "F32"))).toEqual([1.5, -2, 0]);
  });

  test("a view of a larger array is written alone", () => {
    const data = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    const bytes = encodeSafetensors(new Map([["t", { dtype: "F32", shape: [2], data }]]));
    const read = readTensor(decodeSafetensors(bytes, "f"), "t", "F32");
    expect([read.length, ...read]).toEqual([2, 1, 2]);
  });

  const data = new Float32Array(6);
  const refused: readonly [what: string, name: string, shape: number[], message: string][] = [
    ["a shape of another size", "w", [2, 2], 'Tensor "w" of shape [2, 2] can\'t have 6 elements.'],
    ["a fraction", "w", [1.5, 4], 'Tensor "w" of shape [1.5, 4] can\'t have 6 elements.'],
    ["negative sizes", "w", [-2, -3], 'Tensor "w" of shape [-2, -3] can\'t have 6 elements.'],
    [
      "the reserved name",
      "__metadata__",
      [6],
      "No tensor can be named __metadata__: the format uses that name.",
    ],
    [
      "half a surrogate pair",
      "\ud800",
      [6],
      "\"\\ud800\" isn't Unicode text, so safetensors can't hold it.",
    ],
  ];
  test.each(refused)("refuses %s", async (_, name, shape, message) => {
    const encode = () => encodeSafetensors(new Map([[name, { dtype: "F32", shape, data }]]));
    expect(await messageOf(CheckpointError, encode)).toBe(message);
  });

  test("refuses metadata that isn't Unicode", async () => {
    const encode = () => encodeSafetensors(new Map(), { note: "\udc00" });
    expect(await messageOf(CheckpointError, encode)).toContain("isn't Unicode text");
  });
});

describe("readTensor", () => {
  const header = JSON.stringify({
    half: { dtype: "BF16", shape: [2], data_offsets: [0, 4] },
    w: { dtype: "F32", shape: [1, 2], data_offsets: [4, 12] },
  });
  const file = decodeSafetensors(fileWith(header, 12), "weights.safetensors");

  test("a type not used here is kept as bytes, and refused as another", async () => {
    expect(file.tensors.get("half")).toEqual({
      dtype: "BF16",
      shape: [2],
      data: new Uint8Array(4),
    });
    expect(await messageOf(CheckpointError, () => readTensor(file, "half", "F32"))).toBe(
      'weights.safetensors: tensor "half" is stored as BF16, expected F32.',
    );
  });

  test("another type, shape or name is said", async () => {
    expect(await messageOf(CheckpointError, () => readTensor(file, "w", "I32"))).toBe(
      'weights.safetensors: tensor "w" is stored as F32, expected I32.',
    );
    expect(await messageOf(CheckpointError, () => readTensor(file, "w", "F32", [2, 1]))).toBe(
      'weights.safetensors: tensor "w" has shape [1, 2], expected [2, 1].',
    );
    expect(await messageOf(CheckpointError, () => readTensor(file, "b", "F32"))).toBe(
      'weights.safetensors: has no tensor "b".',
    );
  });

  test("halves are read as the floats that they are, and so are floats", async () => {
    const written = new Map<string, NativeTensor>([
      ["half", { dtype: "F16", shape: [2, 2], data: toHalves([1, -2.5, 65_504, 1 / 3]) }],
      ["full", { dtype: "F32", shape: [1], data: Float32Array.of(0.1) }],
      ["count", { dtype: "U8", shape: [1], data: Uint8Array.of(1) }],
    ]);
    const mixed = decodeSafetensors(encodeSafetensors(written), "f");
    const third = 0.333251953125; // NumPy 2.3: float(np.float16(1 / 3))
    expect(Array.from(readFloats(mixed, "half", [2, 2]))).toEqual([1, -2.5, 65_504, third]);
    expect(readFloats(mixed, "full")).toEqual(Float32Array.of(0.1));
    expect(await messageOf(CheckpointError, () => readFloats(mixed, "half", [4]))).toBe(
      'f: tensor "half" has shape [2, 2], expected [4].',
    );
    expect(await messageOf(CheckpointError, () => readFloats(mixed, "count"))).toBe(
      'f: tensor "count" is stored as U8, expected F32.',
    );
  });
});
