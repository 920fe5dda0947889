// Wrong calls of the ops that go element by element, for refusals.test.ts: each is wrong in one way.
import type { Device } from "../../src/gpu/device.ts";
import { Tensor } from "../../src/index.ts";

/** Arguments by the op's name. */
export function elementCalls(
  device: Device,
): Readonly<Record<string, readonly (readonly unknown[])[]>> {
  const f = (...shape: number[]): unknown => new Tensor(device.empty(shape));
  const i = (...shape: number[]): unknown => new Tensor(device.empty(shape, "i32"));
  const a = (...shape: number[]): unknown => device.empty(shape);
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
  };
}
