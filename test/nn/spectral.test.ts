// Spectral normalisation around layers: values and gradients compared with float64, what is kept, and what is refused.
import { describe, expect, test } from "vitest";
import { add, mul, sum } from "../../src/autograd/ops.ts";
import { gradArrays } from "../../src/autograd/backward.ts";
import { noGrad, Tensor } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { createRng } from "../../src/kernels/random.ts";
import type { Layer } from "../../src/nn/layer.ts";
import * as layers from "../../src/nn/layers.ts";
import { type Network, sequential } from "../../src/nn/network.ts";
import { spectral } from "../../src/nn/spectral.ts";
import { messageOf } from "../support/message-of.ts";
import {
  createRandom,
  dot,
  fromF32,
  map,
  randomRef,
  type Ref,
  refOf,
  reshape,
} from "../../proof/reference/array.ts";
import { compareToOracle } from "../../proof/reference/compare.ts";
import { conv2d, conv2dFilterGrad, sameGeometry } from "../../proof/reference/conv.ts";
import { matmul } from "../../proof/reference/matmul.ts";
import { type Estimate, estimate, throughEstimate } from "../../proof/reference/spectral.ts";
import { upload } from "../../proof/case.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const random = createRandom(71);
const close = { type: "atol_rtol", atol: 2e-6, rtol: 2e-6 } as const;

/** A layer that can be normalised, and what it does with its weights, in float64. */
interface Kind {
  readonly layer: Layer;
  readonly input: readonly number[];
  readonly weight: string;
  readonly apply: (x: Ref, w: Ref) => Ref;
  /** The gradient by the weights that it used. */
  readonly weightGradient: (dy: Ref, x: Ref, w: Ref) => Ref;
}

const geometry = sameGeometry([6, 5], [3, 3], [2, 2]);
const kinds: Readonly<Record<string, Kind>> = {
  dense: {
    layer: layers.dense(4, { bias: false }),
    input: [7],
    weight: "dense.kernel",
    apply: (x, w) => matmul(x, w),
    weightGradient: (dy, x) => matmul(x, dy, { transposeA: true }),
  },
  conv2d: {
    layer: layers.conv2d(5, 3, { strides: 2, bias: false }),
    input: [6, 5, 2],
    weight: "conv2d.filter",
    apply: (x, w) => conv2d(x, w, geometry),
    weightGradient: (dy, x, w) => conv2dFilterGrad(dy, x, w.shape, geometry),
  },
};

const build = ({ layer, input }: Kind): Network =>
  sequential(device, "net", input, [spectral(layer)], createRng(device, 9));

/** Weights of a network of one layer, as they are and as a matrix, and the vector beside them. */
async function stateOf({ weight }: Kind, { state }: Network) {
  const kept = state.get(weight)!;
  const w = fromF32(kept.shape, await kept.read());
  const u = await state.get(`${weight.split(".")[0]}.u`)!.read();
  return { w, matrix: asMatrix(w), u };
}

const asMatrix = (w: Ref): Ref => reshape(w, [w.data.length / w.shape.at(-1)!, w.shape.at(-1)!]);
const over = (w: Ref, { sigma }: Estimate): Ref => map(w, (value) => value / sigma);
const why = (found: ArrayLike<number>, expected: Ref): string | undefined =>
  compareToOracle(found, expected, close).why;

/** The direction of a vector: what is kept may be of any length. */
const direction = (u: ArrayLike<number>): number[] => {
  const length = Math.hypot(...Array.from(u));
  return Array.from(u, (value) => value / length);
};

/** Runs a loss with known slopes dy through a network, and gives the gradient of its weights. */
function pullBack(net: Network, inputs: readonly Ref[], dys: readonly Ref[]): GpuArray {
  const losses = inputs.map((x, i) => {
    const y = net.forward(new Tensor(upload(device, x)), { training: true });
    return sum(mul(y, new Tensor(upload(device, dys[i]!))));
  });
  const loss = losses.reduce((a, b) => add(a, b));
  return gradArrays(loss, [net.parameters[0]!.tensor])[0]!;
}

describe.each(Object.entries(kinds))("%s", (_name, kind) => {
  const x = randomRef([3, ...kind.input], random);
  const shapeOf = (net: Network): readonly number[] => [3, ...net.outputShape];

  test("in training moves the vector on, and divides by what it finds", async () => {
    const net = build(kind);
    for (let step = 0; step < 3; step += 1) {
      const { w, matrix, u } = await stateOf(kind, net);
      const expected = estimate(matrix, u);
      const y = net.forward(new Tensor(upload(device, x)), { training: true });
      expect(why(await y.read(), kind.apply(x, over(w, expected)))).toBeUndefined();
      const after = (await stateOf(kind, net)).u;
      expect(why(direction(after), expected.right)).toBeUndefined();
    }
  });

  test("has the gradient through σ, with its vectors held", async () => {
    const net = build(kind);
    const { w, matrix, u } = await stateOf(kind, net);
    const dy = randomRef(shapeOf(net), random);
    const held = estimate(matrix, u);
    const g = asMatrix(kind.weightGradient(dy, x, over(w, held)));
    const expected = throughEstimate(g, matrix, held);
    expect(why(await pullBack(net, [x], [dy]).read(), expected)).toBeUndefined();

    // The formula is the slope of what the layer does, along a direction.
    const along = randomRef(matrix.shape, random);
    const h = 1e-5;
    const at = (by: number): number => {
      const moved = refOf(
        matrix.shape,
        matrix.data.map((value, i) => value + by * along.data[i]!),
      );
      const sigma = dot(held.left, matmul(moved, held.right));
      return dot(
        dy,
        kind.apply(
          x,
          reshape(
            map(moved, (value) => value / sigma),
            w.shape,
          ),
        ),
      );
    };
    const slope = (at(h) - at(-h)) / (2 * h);
    expect(Math.abs(slope - dot(expected, along))).toBeLessThan(1e-6);
  });

  test("has each forward's own gradient, where two come before one backward", async () => {
    const eager = build(kind);
    const { w, matrix, u } = await stateOf(kind, eager);
    const inputs = [x, randomRef(x.shape, random)];
    const dys = inputs.map(() => randomRef(shapeOf(eager), random));
    const first = estimate(matrix, u);
    const second = estimate(matrix, first.right.data);
    const [a, b] = [first, second].map((held, i) =>
      throughEstimate(
        asMatrix(kind.weightGradient(dys[i]!, inputs[i]!, over(w, held))),
        matrix,
        held,
      ),
    );
    const expected = refOf(
      a!.shape,
      a!.data.map((value, i) => value + b!.data[i]!),
    );
    const found = await pullBack(eager, inputs, dys).read();
    expect(why(found, expected)).toBeUndefined();

    const net = build(kind);
    const program = await compile(device, "twice", () => ({ dw: pullBack(net, inputs, dys) }));
    await program.run({ poison: true });
    expect(await program.outputs.dw.read()).toEqual(found);
    expect((await stateOf(kind, net)).u).toEqual((await stateOf(kind, eager)).u);
  });

  test("in inference uses the vector that is kept, and leaves it", async () => {
    const net = build(kind);
    net.forward(new Tensor(upload(device, x)), { training: true });
    const { w, matrix, u } = await stateOf(kind, net);
    const expected = kind.apply(x, over(w, estimate(matrix, u, true)));
    for (const mode of [{ training: false }, { training: true, track: false }]) {
      const y = noGrad(() => net.forward(new Tensor(upload(device, x)), mode));
      expect(why(await y.read(), expected)).toBeUndefined();
      expect((await stateOf(kind, net)).u).toEqual(u);
    }
  });

  test("keeps its vector in the network's state, and starts where it left off", async () => {
    const [net, other] = [build(kind), build(kind)];
    expect([...net.state.keys()]).toEqual([kind.weight, `${kind.weight.split(".")[0]}.u`]);
    expect(net.parameters.map(({ name }) => name)).toEqual([kind.weight]);
    const run = (of: Network): Tensor =>
      of.forward(new Tensor(upload(device, x)), { training: true });
    run(net);
    for (const [name, array] of net.state) other.state.get(name)!.write(await array.read());
    expect(await run(other).read()).toEqual(await run(net).read());
  });
});

test("finds the largest singular value", async () => {
  const kind: Kind = { ...kinds["dense"]!, input: [4] };
  const net = build(kind);
  // w = 3 · a · bᵀ + 2 · c · dᵀ + e · fᵀ for orthonormal a, c, e and b, d, f: its singular values are 3, 2, 1 and 0.
  const [a, c, e] = [
    [1, 1, 1, 1],
    [1, -1, 1, -1],
    [1, 1, -1, -1],
  ].map((signs) => signs.map((sign) => sign / 2));
  const [b, d, f] = [c!, e!, a!];
  const w = Float32Array.from({ length: 16 }, (_, at) => {
    const [i, j] = [Math.floor(at / 4), at % 4];
    return 3 * a![i]! * b[j]! + 2 * c![i]! * d[j]! + e![i]! * f[j]!;
  });
  net.state.get(kind.weight)!.write(w);
  const one = refOf(
    [4, 4],
    Float32Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? 1 : 0)),
  );
  const read = async (training: boolean): Promise<Float32Array> =>
    noGrad(() => net.forward(new Tensor(upload(device, one)), { training })).read("f32");
  for (let i = 0; i < 40; i += 1) await read(true); // errors shrink by (2 / 3)² each time
  const expected = refOf(
    [4, 4],
    w.map((value) => value / 3),
  );
  expect(why(await read(false), expected)).toBeUndefined();
});

test.each([
  ["ReLU", layers.relu()],
  ["ConvTranspose2d", layers.convTranspose2d(3, 3)],
  ["BatchNorm", layers.batchNorm()],
])("refuses %s, which has no such weights", async (kind, layer) => {
  const wrong = (): unknown =>
    sequential(device, "net", [4, 4, 2], [spectral(layer)], createRng(device, 1));
  expect(await messageOf(AttributeError, wrong)).toBe(
    `spectral: takes dense and conv2d layers, whose weights end in the outputs; got ${kind}`,
  );
});
