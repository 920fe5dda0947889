// The real side of the Fréchet distance as a file: read as it was written, and refused if it is damaged or another's.
import { expect, test } from "vitest";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { CLASSES, FEATURES } from "../../src/judge/designs.ts";
import {
  decodeRealSide,
  encodeRealSide,
  frechetAgainst,
  type RealSide,
} from "../../src/judge/real-side.ts";
import { frechetDistance, gaussianOf } from "../../src/metrics/metrics.ts";
import { featuresOf } from "../../src/judge/comparison.ts";
import { messageOf } from "../support/message-of.ts";
import { randomFrom } from "../soak/fuzzing.ts";

const random = randomFrom(1);
const judgedAs = (count: number, scale: number) => ({
  count,
  features: Float32Array.from({ length: count * FEATURES }, () => scale * random() ** 3),
  probabilities: new Float32Array(count * CLASSES).fill(0.1),
});
const side: RealSide = {
  judge: "0123456789abcdef",
  train: gaussianOf(featuresOf(judgedAs(300, 2))),
  counts: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  digits: Uint8Array.from({ length: 2 * 28 * 28 }, (_, i) => i % 251),
  attainable: [{ count: 250, distance: 1.25 }],
};
const bytes = await encodeRealSide(side);

test("comes back, rounded to 32 bits, and measures the same distances", async () => {
  const read = await decodeRealSide(bytes, "real");
  expect({ ...read, train: undefined }).toEqual({ ...side, train: undefined });
  expect(read.train.mean).toEqual(Float64Array.from(Float32Array.from(side.train.mean)));
  const samples = judgedAs(200, 3);
  const exact = frechetDistance(side.train, gaussianOf(featuresOf(samples)));
  const measured = frechetAgainst(read, { fingerprint: side.judge }, samples);
  expect(Math.abs(measured / exact - 1)).toBeLessThan(1e-6);
});

test("refuses another judge's features, damage, and other files", async () => {
  const other = (): number => frechetAgainst(side, { fingerprint: "another" }, judgedAs(200, 1));
  expect(await messageOf(CheckpointError, other)).toBe(
    "The real side was made with judge 0123456789abcdef, not with another: use the two files that were made together",
  );
  const refusal = (spoilt: Uint8Array): Promise<string> =>
    messageOf(CheckpointError, () => decodeRealSide(spoilt, "real"));
  expect(await refusal(encodeSafetensors(new Map()))).toBe(
    "real: holds no real side of a comparison",
  );
  const flipped = Uint8Array.from(bytes);
  flipped[bytes.length - 1]! ^= 1;
  expect(await refusal(flipped)).toMatch(/^real: its bytes aren't those that were saved/);
});
