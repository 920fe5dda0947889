// float16 on the host: every bit pattern, and every tie between two of them.
import { expect, test } from "vitest";
import { fromHalves, toHalves } from "../../src/gpu/half.ts";

const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
const values = fromHalves(all);
const LAST = 0x7bff; // the largest finite one

/** The float32 next to a positive one, so many steps away. */
function beside(value: number, steps: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  view.setUint32(0, view.getUint32(0) + steps);
  return view.getFloat32(0);
}

test("the values are those of IEEE 754", () => {
  const known = {
    0x0001: 2 ** -24,
    0x03ff: 1023 * 2 ** -24,
    0x0400: 2 ** -14,
    0x3555: 0.333251953125,
  };
  for (const [bits, value] of Object.entries(known)) expect(values[Number(bits)]).toBe(value);
  expect([0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00].map((bits) => values[bits])).toEqual([
    1,
    -2,
    65_504,
    Infinity,
    -Infinity,
  ]);
  expect([...values.subarray(0x7c01, 0x8000)].every(Number.isNaN)).toBe(true);
  expect(Object.is(values[0x8000], -0)).toBe(true);
  // Ascending, and negative in the other half.
  for (let bits = 1; bits <= 0x7c00; bits += 1) {
    expect(values[bits]! > values[bits - 1]!).toBe(true);
    expect(values[bits + 0x8000]).toBe(-values[bits]!);
  }
});

test("each value goes to its own bits, NaN to a NaN", () => {
  const back = toHalves(values);
  const wrong = all.filter((bits) => {
    const nan = (bits & 0x7fff) > 0x7c00;
    return nan ? (back[bits]! & 0x7fff) <= 0x7c00 : back[bits] !== bits;
  });
  expect([...wrong]).toEqual([]);
});

test("what lies between goes to the nearer, and ties to the even one", () => {
  const cases: [number, number][] = [];
  for (let bits = 0; bits <= LAST; bits += 1) {
    const above = bits === LAST ? 65_536 : values[bits + 1]!; // where the infinities begin to be nearer
    const tie = (values[bits]! + above) / 2;
    cases.push([tie, bits % 2 === 0 ? bits : bits + 1]);
    cases.push([beside(tie, 1), bits + 1], [beside(tie, -1), bits]);
  }
  const inputs = cases.flatMap(([value]) => [value, -value]);
  const expected = cases.flatMap(([, bits]) => [bits, bits | 0x8000]);
  expect(toHalves(inputs)).toEqual(Uint16Array.from(expected));
});

test("what is far outside is 0 or infinite", () => {
  const inputs = [2 ** -149, -(2 ** -127), 2 ** -25 * 0.99, 1e38, -1e6, Infinity, 0, -0];
  expect([...toHalves(inputs)]).toEqual([0, 0x8000, 0, 0x7c00, 0xfc00, 0x7c00, 0, 0x8000]);
});
