// The reference's functions that JavaScript lacks, compared with values that mpmath 1.3 computed to 30 digits.
import { expect, test } from "vitest";
import {
  erf,
  erfc,
  gelu,
  geluTanh,
  hardSwish,
  round,
  silu,
} from "../../proof/reference/functions.ts";

/** How far a value is off, as a share of the right one. */
const off = (actual: number, expected: number): number => Math.abs(actual / expected - 1);
const CLOSE = 5e-14;

test.each([
  [0.001, 0.0011283787909692365],
  [-0.4, -0.42839235504666845],
  [0.9, 0.7969082124228322],
  [1.7, 0.9837904585907745],
  [-2.5, -0.999593047982555],
  [3.3, 0.9999969422902035],
])("erf(%f) = %f", (x, expected) => {
  expect(off(erf.value(x), expected)).toBeLessThan(CLOSE);
});

test.each([
  [0.3, 0.6713732405408726],
  [1.9, 0.0072095707647425325],
  [2.1, 0.002979466656332984],
  [4.5, 1.9661604415428876e-10],
  [9.0, 4.13703174651381e-37],
  [13.0, 1.7395573154667246e-75],
])("erfc(%f) = %f", (x, expected) => {
  expect(off(erfc(x), expected)).toBeLessThan(CLOSE);
});

// x, gelu, its derivative, gelu by tanh, silu.
test.each([
  [0.3, 0.1853734266566858, 0.7323277668271099, 0.18537092354275925, 0.1723327550434977],
  [2.5, 2.4844758366855597, 1.037611085908145, 2.484915733910001, 2.310354549946891],
  [-1.25, -0.13206221708356908, -0.12266158306942213, -0.1322857970302854, -0.27837517353163604],
  [
    -4.0, -0.0001266849673324797, -0.0005036496612264215, -7.024594819237268e-5,
    -0.07194483984836623,
  ],
  [
    -7.5, -2.393168754683172e-13, -1.7938314830426485e-12, -4.01626821751414e-18,
    -0.004145839776926996,
  ],
])("gates at %f", (x, exact, slope, byTanh, swish) => {
  expect(off(gelu.value(x), exact)).toBeLessThan(CLOSE);
  expect(off(gelu.slope(x), slope)).toBeLessThan(CLOSE);
  expect(off(geluTanh.value(x), byTanh)).toBeLessThan(CLOSE);
  expect(off(silu.value(x), swish)).toBeLessThan(CLOSE);
});

test("gates let nothing through at −∞, and all at ∞", () => {
  for (const gate of [gelu, geluTanh, silu, hardSwish]) {
    expect(Math.abs(gate.value(-Infinity))).toBe(0);
    expect(gate.value(Infinity)).toBe(Infinity);
    expect(gate.slope(Infinity)).toBe(1);
  }
});

test("round takes ties to even", () => {
  const ties = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].map(round.value);
  expect(ties.map((each) => each + 0)).toEqual([-2, -2, 0, 0, 2, 2]);
});
