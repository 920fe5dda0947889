// Files of Keras and TensorFlow.js, damaged or made up: each is read as a network of the recipe, or quickly refused. HDF5
// is read in a child process; one that has to be ended is a failure here.
import { unzipSync, zipSync } from "fflate";
import { kerasFiles, IN_ZIP } from "../../src/formats/keras/write-keras.ts";
import { tfjsFiles } from "../../src/formats/tfjs/write-tfjs.ts";
import { discriminator, generator, lieOf } from "./fuzz-exchange.ts";
import { below, pick, randomFrom, tally, type Fuzzed, type Random } from "./fuzzing.ts";
import { spoilt } from "./spoil.ts";

const about = { recipe: "best", step: "5", network: "generator-average" };

/** Reads `count` files for Keras: whole, spoilt in their bytes, in their numbers, or in the model that they describe. */
export async function fuzzKeras(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const files = await Promise.all([
    kerasFiles(generator, about),
    kerasFiles(discriminator, { ...about, network: "discriminator" }),
  ]);
  return tally(count, () => {
    const { ".keras": zip, ".weights.h5": weights } = pick(random, files);
    const kind = random();
    const alone = random() < 0.3;
    const path = `generator${alone ? ".weights.h5" : ".keras"}`;
    const own =
      kind < 0.05 ? weights : kind < 0.5 ? spoilt(weights, random) : withNumbers(weights, random);
    const bytes =
      kind > 0.9 && !alone
        ? spoilt(zip, random)
        : alone
          ? own
          : zipped(zip, own, kind > 0.7, random);
    return {
      size: bytes.length,
      read: async () => {
        try {
          return await lieOf(bytes, path);
        } catch (error) {
          // What the child's end hides from those who import is a failure here.
          if (error instanceof Error && /takes too long|ends the library/.test(error.message)) {
            return error.message;
          }
          throw error;
        }
      },
    };
  });
}

/** A `.keras` file with other weights, and perhaps another model. */
function zipped(
  zip: Uint8Array,
  weights: Uint8Array,
  changes: boolean,
  random: Random,
): Uint8Array {
  const files: Record<string, Uint8Array> = unzipSync(zip);
  files[IN_ZIP.weights] = weights;
  if (changes) files[IN_ZIP.config] = withOtherValues(files[IN_ZIP.config]!, random);
  if (random() < 0.02) delete files[pick(random, Object.values(IN_ZIP))];
  return zipSync(files, { level: random() < 0.02 ? 6 : 0 });
}

const WORDS = [
  0n,
  1n,
  2n,
  8n,
  255n,
  2n ** 16n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Bytes with some numbers of 1 to 8 bytes replaced by others: sizes, addresses, counts. */
function withNumbers(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  for (let times = 1 + below(random, 3); times > 0; times -= 1) {
    const at = 8 * below(random, Math.floor(copy.length / 8));
    const value = random() < 0.5 ? pick(random, WORDS) : BigInt(8 * below(random, copy.length / 8));
    const size = below(random, 3);
    if (size === 0) view.setBigUint64(at, value, true);
    else if (size === 1)
      view.setUint32(at + 4 * below(random, 2), Number(value & 0xffffffffn), true);
    else view.setUint16(at + 2 * below(random, 4), Number(value & 0xffffn), true);
  }
  return copy;
}

const VALUES = [
  null,
  true,
  -1,
  0,
  3,
  1e9,
  1e300,
  "",
  "same",
  "relu",
  "Dense",
  "__proto__",
  [],
  {},
  [1, 1],
  [[0]],
  "x\n",
];

/** JSON with one value somewhere in it replaced, left out or repeated. */
function withOtherValues(bytes: Uint8Array, random: Random): Uint8Array {
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
  let at: unknown = json;
  for (;;) {
    if (typeof at !== "object" || at === null) break;
    const inside = at as Record<string, unknown>;
    const keys = Object.keys(inside);
    if (keys.length === 0) break;
    const key = pick(random, keys);
    const next = inside[key];
    if (typeof next === "object" && next !== null && random() < 0.85) {
      at = next;
      continue;
    }
    const kind = random();
    if (kind < 0.2 && !Array.isArray(at)) delete inside[key];
    else if (kind < 0.3 && Array.isArray(at))
      at.push(...Array.from({ length: 1 + below(random, 2000) }, () => next));
    else inside[key] = pick(random, VALUES);
    break;
  }
  return new TextEncoder().encode(JSON.stringify(json));
}

/** Reads `count` models of TensorFlow.js: whole, or spoilt in their bytes, their values or their weights. */
export function fuzzTfjs(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const corpus = [
    tfjsFiles(generator, about),
    tfjsFiles(discriminator, { ...about, network: "discriminator" }),
  ];
  return tally(count, () => {
    const { ".json": json, ".bin": bin } = pick(random, corpus);
    const kind = random();
    const bytes =
      kind < 0.05
        ? json
        : kind < 0.4
          ? spoilt(json, random)
          : kind < 0.9
            ? withOtherValues(json, random)
            : json;
    const weights = kind < 0.9 ? bin : spoilt(bin, random);
    return {
      size: bytes.length + weights.length,
      read: () => lieOf(bytes, "generator.json", () => weights),
    };
  });
}
