// A function as a layer: what it computes, gradients through it, a shape of its own, refusals.
import { expect, test } from "vitest";
import {
  adam,
  add,
  AttributeError,
  createRng,
  DTypeError,
  grad,
  layers,
  mean,
  mul,
  sequential,
  ShapeError,
  sin,
  square,
  sum,
  tensor,
  type Layer,
  type Mode,
  type Tensor,
} from "../../src/index.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const build = (...parts: readonly Layer[]) =>
  sequential(device, "net", [3], parts, createRng(device, 3));
const x = tensor(device, [
  [1, -2, 0.5],
  [3, 0, -1],
]);
const snake = (at: Tensor): Tensor => add(at, square(sin(at)));

test("runs ops between layers, with gradients through them", async () => {
  const network = build(layers.dense(4), layers.apply("snake", snake), layers.dense(1));
  const [w, b, v, c] = network.parameters.map((each) => each.tensor) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const plain = build(layers.dense(4)).forward(x, { training: true });
  const loss = sum(network.forward(x, { training: true }));
  const found = await Promise.all(grad(loss, [w, b, v, c]).map(async (each) => each.read("f32")));
  // d loss / dv is the sum of the rows that the function returns, and d loss / dc their number.
  const rows = await sum(snake(plain), { axes: 0 }).read("f32");
  rows.forEach((value, i) => expect(found[2]![i]).toBeCloseTo(value, 5));
  expect([...found[3]!]).toEqual([2]);
  expect(found[0]!.some((value) => value !== 0)).toBe(true);
  expect(network.summary()).toMatch(/apply +snake +\(N, 4\)/);
  adam(network).step(loss);
});

test("runs an op itself", async () => {
  const y = build(layers.apply("square", square)).forward(x, { training: false });
  expect([...(await y.read())]).toEqual([1, 4, 0.25, 9, 0, 1]);
});

test("gets the mode, and may change an example's shape if it states it", async () => {
  const modes: Mode[] = [];
  const pooled = layers.apply(
    "pool",
    (at, mode) => {
      modes.push(mode);
      return mean(at, { axes: 1, keepDims: true });
    },
    { outputShape: [1] },
  );
  const network = build(
    pooled,
    layers.apply("twice", (at) => mul(at, 2)),
  );
  expect(network.outputShape).toEqual([1]);
  const y = network.forward(x, { training: false });
  expect(modes).toEqual([{ training: false }]);
  const [first, second] = await y.read();
  expect([first, second]).toEqual([Math.fround(-1 / 3), expect.closeTo(4 / 3, 6)]);
});

test("refuses a result of another shape, and what is no tensor", async () => {
  const forward = (f: (at: Tensor) => unknown) => (): unknown =>
    build(Reflect.apply(layers.apply, undefined, ["mine", f])).forward(x, { training: true });
  expect(
    await messageOf(
      ShapeError,
      forward((at) => mean(at, { axes: 1 })),
    ),
  ).toBe(
    "Apply: mine must return shape (2, 3); got (2): state an example's shape, { outputShape: [] }",
  );
  expect(
    await messageOf(
      DTypeError,
      forward(() => 1),
    ),
  ).toBe("Apply: mine must return a Tensor; got 1");
  const wrong = (): unknown => Reflect.apply(layers.apply, undefined, [snake]);
  expect(await messageOf(AttributeError, wrong)).toMatch(/^Apply: the name must be a string/);
});
