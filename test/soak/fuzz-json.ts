// Files of constants that nobody would write: each is accepted, or quickly refused with a typed error of one line.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chosenRecipe } from "../../src/runs/config.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { constantsOf } from "../../src/runs/constants.ts";
import { HOSTILE } from "../support/one-line.ts";
import { below, pick, randomFrom, tally, type Fuzzed, type Input, type Random } from "./fuzzing.ts";

/** Writes `count` files one after another, and reads each as `--config` does. */
export async function fuzzConfig(count: number, seed: number): Promise<Fuzzed> {
  const folder = mkdtempSync(join(tmpdir(), "longhand-fuzz-"));
  const random = randomFrom(seed);
  const config = join(folder, "c.json");
  try {
    const make = (): Input => {
      const bytes = fileFrom(random);
      writeFileSync(config, bytes);
      return { size: bytes.length, read: () => chosenRecipe({ config }).then(() => undefined) };
    };
    return await tally(count, make, UsageError);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A recipe's own constants with some of them changed, then now and then the bytes too. */
function fileFrom(random: Random): Buffer {
  const recipe = pick(random, recipes);
  const entries = Object.entries(constantsOf(recipe));
  const kept = entries.filter(() => random() < 0.3);
  const changed = Array.from({ length: below(random, 4) }, (): [string, unknown] => [
    random() < 0.7 ? pick(random, entries)[0] : keyFrom(random),
    valueFrom(random, 0),
  ]);
  const whole = { recipe: recipe.name, ...Object.fromEntries([...kept, ...changed]) };
  let text = JSON.stringify(random() < 0.95 ? whole : valueFrom(random, 0)) ?? "";
  if (random() < 0.02) text = nested(random, text);
  const bytes = Buffer.from(text);
  if (random() < 0.5) return bytes;
  const flips = 1 + below(random, 3);
  for (let i = 0; i < flips && bytes.length > 0; i += 1) {
    const at = below(random, bytes.length);
    bytes[at] = random() < 0.5 ? bytes[at]! ^ (1 << below(random, 8)) : below(random, 256);
  }
  return random() < 0.2 ? bytes.subarray(0, below(random, bytes.length + 1)) : bytes;
}

/** The text inside many lists or objects; not all of them end. */
function nested(random: Random, text: string): string {
  const depth = below(random, 100_000);
  const [open, close] = random() < 0.5 ? ["[", "]"] : ['{"batch":', "}"];
  const inner = random() < 0.5 ? "8" : text;
  const whole = `${open.repeat(depth)}${inner}${close.repeat(random() < 0.8 ? depth : below(random, depth + 1))}`;
  return random() < 0.5 ? whole : `{"generatorWidths":${whole}}`;
}

const NUMBERS = [0, -0, 1, -1, 0.5, 2 ** 31, 2 ** 53, 1e21, 1e300, 5e-324, 1e-45, 3.5e38];
const KEYS = ["__proto__", "constructor", "toString", "name", "image", "then", "length", ""];

function keyFrom(random: Random): string {
  return random() < 0.5 ? pick(random, KEYS) : pick(random, HOSTILE);
}

function valueFrom(random: Random, depth: number): unknown {
  const kind = below(random, depth > 4 ? 5 : 8);
  if (kind === 0) return pick(random, NUMBERS);
  if (kind === 1) return random() * 10 ** below(random, 12) * (random() < 0.5 ? -1 : 1);
  if (kind === 2) return pick(random, [null, true, false]);
  if (kind === 3) return pick(random, HOSTILE);
  if (kind === 4) return below(random, 300);
  const length = random() < 0.02 ? below(random, 20_000) : below(random, 6);
  if (kind === 5) return Array.from({ length }, () => below(random, 100));
  if (kind === 6 || length > 10) {
    return Array.from({ length: Math.min(length, 10) }, () => valueFrom(random, depth + 1));
  }
  const entries = Array.from({ length }, (): [string, unknown] => [
    random() < 0.5 ? pick(random, ["learningRate", "beta1", "epsilon"]) : keyFrom(random),
    valueFrom(random, depth + 1),
  ]);
  return Object.fromEntries(entries);
}
