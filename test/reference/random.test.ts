// The reference's random numbers: Philox compared with Random123's known answers, the draws made from it, and the keyed
// permutation.
import { describe, expect, test } from "vitest";
import { permute } from "../../proof/reference/permutation.ts";
import {
  keepMask,
  normal,
  philox,
  philoxWords,
  type Seed,
  type Stream,
  uniform,
  type Words4,
} from "../../proof/reference/philox.ts";

const draw: Stream = { seed: [1234, 5678], step: 7, stream: 2, domain: 0 };

describe("philox", () => {
  // https://github.com/DEShawResearch/random123/blob/main/tests/kat_vectors
  const answers: { counter: Words4; key: Seed; words: Words4 }[] = [
    {
      counter: [0, 0, 0, 0],
      key: [0, 0],
      words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ];

  test.each(answers)("known answer for counter $counter", ({ counter, key, words }) => {
    expect(philox(counter, key)).toEqual(words);
  });

  test("element i takes word i mod 4 of block ⌊i/4⌋", () => {
    const words = philoxWords(11, draw);
    words.forEach((word, i) => {
      const block = philox([Math.floor(i / 4), 7, 2, 0], draw.seed);
      expect(word).toBe(block[i % 4]);
    });
  });
});

describe("draws", () => {
  const count = 40_000;
  const average = (x: Float64Array): number => x.reduce((a, b) => a + b, 0) / x.length;

  test("uniform numbers are float32 multiples of 2⁻²⁴ in [0, 1)", () => {
    const u = uniform(count, draw);
    expect(u.every((x) => x >= 0 && x < 1 && Math.fround(x) === x)).toBe(true);
    expect(Math.abs(average(u) - 0.5)).toBeLessThan(0.01);
  });

  test("normal numbers have mean 0 and variance 1, whatever their count", () => {
    const x = normal(count, draw);
    expect(x.every(Number.isFinite)).toBe(true);
    expect(Math.abs(average(x))).toBeLessThan(0.02);
    expect(Math.abs(average(x.map((v) => v * v)) - 1)).toBeLessThan(0.03);
    expect(normal(7, draw)).toEqual(x.slice(0, 7));
  });

  test("a pair of normal numbers is r·cos and r·sin of its two words", () => {
    const [w0, w1] = philoxWords(2, draw);
    const radius = Math.sqrt(-2 * Math.log(((w0! >>> 8) + 1) / 2 ** 24));
    const angle = ((w1! >>> 8) / 2 ** 23 - 1) * Math.PI;
    const [first, second] = normal(2, draw);
    expect(first).toBeCloseTo(radius * Math.cos(angle), 12);
    expect(second).toBeCloseTo(radius * Math.sin(angle), 12);
  });

  test("a mask keeps 1 − rate of the elements, and all at rate 0", () => {
    expect(Math.abs(average(keepMask(count, 0.3, draw)) - 0.7)).toBeLessThan(0.01);
    expect(average(keepMask(100, 0, draw))).toBe(1);
  });

  test("seed, step, stream and domain all matter", () => {
    const seen = [
      draw,
      { ...draw, seed: [1234, 5679] as const },
      { ...draw, step: 8 },
      { ...draw, stream: 3 },
      { ...draw, domain: 1 },
    ].map((each) => philoxWords(4, each).join());
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe("permutation", () => {
  test.each([1, 2, 7, 100, 1000, 60_000])("of %i numbers is bijective", (count) => {
    const seen = new Uint8Array(count);
    for (let i = 0; i < count; i++) seen[permute(i, count, [42, 0], 3)] = 1;
    expect(seen.every((hit) => hit === 1)).toBe(true);
  });

  test("differs by epoch and by seed", () => {
    const order = (seed: Seed, epoch: number): string =>
      Array.from({ length: 100 }, (_, i) => permute(i, 100, seed, epoch)).join();
    expect(order([42, 0], 0)).not.toBe(order([42, 0], 1));
    expect(order([42, 0], 0)).not.toBe(order([42, 1], 0));
  });

  test("an index outside is refused", () => {
    expect(() => permute(7, 7, [0, 0], 0)).toThrow(RangeError);
  });
});
