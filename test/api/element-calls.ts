// Wrong calls of the elementwise ops, for refusals.test.ts: each is wrong in one way.
import type { Device } from "../../src/gpu/device.ts";
import { Tensor } from "../../src/index.ts";

/** Arguments by the op's name. */
export function elementCalls(
  device: Device,
): Readonly<Record<string, readonly (readonly unknown[])[]>> {
  const f = (...shape: number[]): unknown => new Tensor(device.empty(shape));
  const i = (...shape: number[]): unknown => new Tensor(device.empty(shape, "i32"));
  const a = (...shape: number[]): unknown => device.empty(shape);
  const u = (...shape: number[]): unknown => new Tensor(device.empty(shape, "u32"));
  const bytes = new Tensor(device.empty([4], "u8"));
  const compared = [
    [f(2, 3), f(2)],
    [f(3), i(3)],
    [f(3), "2"],
    [1, 2],
    [i(3), 0.5],
    [u(3), -1],
    [2 ** 31, i(3)],
    [bytes, bytes],
    [a(3), a(3)],
    [f(3), f(3), { axis: 0 }],
  ];
  const joined = [[f(2, 3), f(2)], [f(3), null], [1, true], [bytes, f(4)], [f(3)]];
  return {
    add: [
      [f(2, 3), f(2)],
      [f(3), "2"],
      [1, 2],
      [f(3)],
      [a(3), a(3)],
      [f(3), i(3)],
      [f(3), f(3), { alpha: 1 }],
    ],
    pow: [
      [f(2, 3), f(2)],
      [f(3), null],
    ],
    relu: [[], [i(3)], [[1, 2, 3]], [f(3), { alpha: 1 }]],
    leakyRelu: [{ alpha: "a" }, { alpha: Number.NaN }, { alpha: Infinity }, { slope: 1 }].map(
      (at) => [f(3), at],
    ),
    elu: [{ alpha: "a" }, { alpha: Number.NaN }].map((at) => [f(3), at]),
    clip: [{ min: 1, max: 0 }, { min: Number.NaN }, { max: "1" }, { low: 0 }].map((at) => [
      f(3),
      at,
    ]),
    gelu: [{ approximation: "erf" }, { approximate: "tanh" }, "tanh", null].map((at) => [f(3), at]),
    hardSigmoid: [{ alpha: -1 }, { alpha: "a" }, { beta: Number.NaN }, { slope: 1 }].map((at) => [
      f(3),
      at,
    ]),
    prelu: [[f(2, 3), f(2)], [f(3), f(2, 3)], [f(3), f(2, 1)], [f(3), 0.1], [f(3), i(3)], [f(3)]],
    equal: compared,
    notEqual: compared,
    less: compared,
    lessEqual: compared,
    greater: compared,
    greaterEqual: compared,
    logicalAnd: joined,
    logicalOr: joined,
    logicalNot: [[], [bytes], [1], [f(3), { axis: 0 }]],
    where: [
      [f(3), f(3)],
      [f(3), f(2), f(3)],
      [f(2), f(3), f(3)],
      [f(3), f(3), i(3)],
      [f(3), i(3), 0.5],
      [f(3), -1, u(3)],
      [true, f(3), f(3)],
      [1, f(3), f(3)],
      [bytes, f(4), f(4)],
      [f(4), bytes, bytes],
      [f(3), f(3), f(3), { axis: 0 }],
    ],
    cast: [
      [f(3)],
      [bytes, { to: "f32" }],
      ...[{}, { to: "u8" }, { to: "float" }, { dtype: "i32" }, "i32"].map((at) => [f(3), at]),
    ],
  };
}
