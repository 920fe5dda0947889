// Custom ops, and the check of their gradients.
import { expect, test } from "vitest";
import {
  AttributeError,
  checkGradients,
  compile,
  defineOp,
  GradientError,
  grad,
  mean,
  mul,
  ShapeError,
  slice,
  sum,
  tanh,
  tensor,
  Tensor,
} from "../../src/index.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";

const device = await testDevice();

const WGSL = `
const COUNT = 1u;
const BETA = 1f;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;

fn gate(v: f32) -> f32 { return 1f / (1f + exp(-BETA * v)); }

@compute @workgroup_size(64)
fn forward(at: Invocation) {
  let i = flat_index(at);
  if (i < COUNT) { out[i] = x[i] * gate(x[i]); }
}

@compute @workgroup_size(64)
fn backward(at: Invocation) {
  let i = flat_index(at);
  if (i < COUNT) {
    let g = gate(x[i]);
    out[i] = dout[i] * (g + BETA * x[i] * g * (1f - g));
  }
}
// appended: lib/invocation.wgsl
`;

const gated = (wgsl: string, name = "gated") =>
  defineOp({
    name,
    wgsl,
    inputs: ["x"],
    attributes: { beta: 1 },
    forward({ empty, launch }, [x], { beta }) {
      const out = empty(x.shape);
      const constants = { COUNT: x.size, BETA: beta };
      launch("forward", { bind: { x, out }, constants, count: x.size });
      return { out, saved: x };
    },
    backward({ empty, launch }, dout, x, { beta }) {
      const out = empty(x.shape);
      const constants = { COUNT: x.size, BETA: beta };
      launch("backward", { bind: { x, dout, out }, constants, count: x.size });
      return [out];
    },
  });

const swish = gated(WGSL);
const VALUES = [-3, -1, -0.25, 0, 0.5, 2, 30];
const value = (v: number, beta: number): number => v / (1 + Math.exp(-beta * v));

test("an op of one's own computes, with attributes and their defaults", async () => {
  const x = tensor(device, VALUES);
  for (const [y, beta] of [
    [swish(x), 1],
    [swish(x, { beta: 2 }), 2],
    [swish(x, {}), 1],
  ] as const) {
    (await y.read()).forEach((found, i) => expect(found).toBeCloseTo(value(VALUES[i]!, beta), 5));
  }
});

test("its gradient flows, through other ops too, and is checked", async () => {
  const x = tensor(device, VALUES.slice(0, 6), [2, 3]);
  const [found] = await checkGradients((a) => swish(a, { beta: 1.5 }), [x]);
  expect(found!.directions).toBe(6);
  expect(found!.error).toBeLessThan(1e-4);
  const both = await checkGradients((a, b) => mul(tanh(swish(a)), swish(b)), [x, x]);
  expect(both.every(({ error }) => error < 1e-4)).toBe(true);
});

test("a wrong gradient is told, by element or direction", async () => {
  const wrong = gated(WGSL.replace("(1f - g)", "(1f + g)"), "wrong");
  const check = async (x: Tensor): Promise<unknown> => checkGradients((a) => wrong(a), [x]);
  expect(await messageOf(GradientError, async () => check(tensor(device, [0.5, 2])))).toMatch(
    /^checkGradients: the gradient of input 0 at element 1 must be -?[\d.]+ by finite differences; got -?[\d.]+:/,
  );
  const large = tensor(
    device,
    Float32Array.from({ length: 100 }, (_, i) => (i - 50) / 20),
  );
  expect(await messageOf(GradientError, async () => check(large))).toMatch(/a random direction/);
});

test("a program records and replays it, and large arrays and views are right", async () => {
  const x = tensor(
    device,
    Float32Array.from({ length: 5000 }, (_, i) => i / 1000),
  );
  const program = await compile(device, "step", () => {
    const odd = slice(x, { starts: [1], sizes: [4999] });
    return { y: swish(odd), loss: mean(swish(x)) };
  });
  const { y } = await program.run();
  expect((await y.read())[4000]).toBeCloseTo(value(4.001, 1), 5);
  const { array } = tensor(
    device,
    Float32Array.from({ length: 12 }, (_, i) => i),
  );
  const fromFifth = new Tensor(device.viewAt(array, 4 * 5, [7])); // no binding starts there
  expect((await swish(fromFifth).read())[0]).toBeCloseTo(value(5, 1), 5);
  const before = device.maxWorkgroups;
  device.maxWorkgroups = 9;
  try {
    expect((await swish(x).read())[4999]).toBeCloseTo(value(4.999, 1), 5);
  } finally {
    device.maxWorkgroups = before;
  }
});

test("two ops of one name keep their own shaders", async () => {
  const twice = gated(WGSL.replace("x[i] * gate(x[i])", "2f * x[i]"));
  const x = tensor(device, [3]);
  expect(await twice(x).item()).toBe(6);
  expect(await swish(x).item()).toBeCloseTo(value(3, 1), 5);
});

test("without a backward nothing flows", async () => {
  const steps = defineOp({
    name: "steps",
    wgsl: WGSL,
    inputs: ["x"],
    forward({ empty, launch }, [x]) {
      const out = empty(x.shape);
      launch("forward", { bind: { x, out }, constants: { COUNT: x.size }, count: x.size });
      return { out, saved: undefined };
    },
  });
  const x = tensor(device, [1, 2], undefined, { tracked: true });
  expect(await messageOf(AttributeError, () => grad(sum(steps(x)), [x]))).toMatch(/does not lead/);
});

test("what can't be is refused, by the op's own name", async () => {
  const x = tensor(device, [1, 2]);
  const call = (f: unknown, ...args: unknown[]): (() => unknown) => {
    if (typeof f !== "function") throw new Error("no function");
    return () => Reflect.apply(f, undefined, args);
  };
  const launching = (entry: string, bind: object, constants: object): unknown =>
    defineOp({
      name: "mine",
      wgsl: WGSL,
      inputs: ["x"],
      forward({ empty, launch }, [a]) {
        const out = empty(a.shape);
        launch(entry, { bind: { x: a, out, ...bind }, constants: { ...constants }, count: 2 });
        return { out, saved: undefined };
      },
    });
  const refused: readonly [action: () => unknown, says: RegExp][] = [
    [call(swish, x, { gamma: 1 }), /^gated: got an unknown attribute gamma/],
    [call(swish, x, { beta: "1" }), /^gated: beta must be a finite number/],
    [call(swish, x, x, x), /^gated: takes x and attributes; got 3 arguments/],
    [call(swish, x, 3), /^gated: attributes must be an object/],
    [call(launching("forwards", {}, {}), x), /^mine: its shader has no entry point "forwards"/],
    [call(launching("forward", { y: x.array }, {}), x), /no storage variable "y"/],
    [call(launching("forward", {}, { SIZE: 1 }), x), /^mine: its shader has no line .* "SIZE"/],
    [call(defineOp, { name: "n", wgsl: WGSL, inputs: [] }), /^defineOp: inputs must be a list/],
    [call(defineOp, { name: "n", inputs: ["x"] }), /^defineOp: wgsl must be a string/],
  ];
  for (const [action, says] of refused) {
    expect(await messageOf(AttributeError, action)).toMatch(says);
  }
  const misshapen = defineOp({
    name: "misshapen",
    wgsl: WGSL,
    inputs: ["x"],
    forward: ({ empty }, [a]) => ({ out: empty(a.shape), saved: undefined }),
    backward: ({ empty }) => [empty([3])],
  });
  const t = tensor(device, [1, 2], undefined, { tracked: true });
  expect(await messageOf(ShapeError, () => grad(sum(misshapen(t)), [t]))).toMatch(
    /^misshapen: the gradient of x must have the input's shape, \(2\); backward returned \(3\)$/,
  );
});

test("a wrong gradient of four elements is told by its element", async () => {
  const wrong = gated(WGSL.replace("(1f - g)", "(1f + g)"), "wrong");
  const check = async (): Promise<unknown> =>
    checkGradients((a) => wrong(a), [tensor(device, [0, 0, 0, 2])]);
  expect(await messageOf(GradientError, check)).toMatch(/of input 0 at element 3 must be/);
});
