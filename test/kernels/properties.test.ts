// Laws that hold for any shapes, tested on random shapes: a convolution and its transpose are adjoint, convolutions and
// products are linear, and a batch is computed one image at a time.
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constant,
  integer,
  record,
  shuffledSubarray,
  tuple,
} from "fast-check";
import { expect, test } from "vitest";
import {
  concat,
  conv2d,
  convTranspose2d,
  matmul,
  slice,
  transpose,
} from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { ConvolutionAttributes } from "../../src/kernels/conv2d-geometry.ts";
import { convolutionGeometry } from "../../src/kernels/conv2d-geometry.ts";
import {
  abs,
  createRandom,
  dot,
  fromF32,
  map,
  randomRef,
  type Ref,
  zip,
} from "../../proof/reference/array.ts";
import { testDevice } from "../support/device.ts";
import { upload } from "../../proof/case.ts";
import { SOAK, withVariant } from "../../proof/variants.ts";

const device = await testDevice();
/** Each run is new shapes, so new pipelines. */
const RUNS = { numRuns: SOAK ? 100 : 20, seed: 20261122 };
/** Of the sums of the absolute values of all terms; the table's bound for one sum. */
const EPSILON = 16 * 2 ** -24;

interface Convolution {
  readonly x: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
  readonly attributes: ConvolutionAttributes & {
    readonly padding: [number, number, number, number];
  };
  readonly seed: number;
}

const upTo = (high: number, low = 1): Arbitrary<number> => integer({ min: low, max: high });
const both = (high: number): Arbitrary<[number, number]> => tuple(upTo(high), upTo(high));

/** Convolutions of any geometry that has an output. */
const convolutions: Arbitrary<Convolution> = record({
  batch: upTo(3),
  size: both(9),
  groups: upTo(3),
  channels: upTo(5),
  filters: upTo(5),
  kernel: both(4),
  strides: both(3),
  dilations: both(2),
  padding: tuple(upTo(2, 0), upTo(2, 0), upTo(2, 0), upTo(2, 0)),
  seed: upTo(1e6),
})
  .filter(({ size, kernel, dilations, padding: [top, bottom, left, right] }) => {
    const reach = (axis: 0 | 1): number => (kernel[axis] - 1) * dilations[axis] + 1;
    return size[0] + top + bottom >= reach(0) && size[1] + left + right >= reach(1);
  })
  .map(({ batch, size, groups, channels, filters, kernel, seed, ...attributes }) => ({
    x: [batch, ...size, channels * groups],
    filter: [...kernel, channels, filters * groups],
    attributes: { ...attributes, groups },
    seed,
  }));

const tensor = (x: Ref): Tensor => new Tensor(upload(device, x));

async function value(y: Tensor): Promise<Ref> {
  return fromF32(y.shape, await y.read("f32"));
}

/** Runs in one variant in the quick suite, as tiles take a second to compile, and in each in the soak. */
async function inVariants(body: () => Promise<void>): Promise<void> {
  await withVariant(device, "direct", body);
  if (SOAK) await withVariant(device, "tiled", body);
}

const holds = (body: (c: Convolution) => Promise<void>): Promise<void> =>
  assert(
    asyncProperty(convolutions, (c) => inVariants(() => body(c))),
    RUNS,
  );

test("⟨dy, conv(x)⟩ = ⟨convᵀ(dy), x⟩", async () => {
  await holds(async ({ x: xShape, filter: filterShape, attributes, seed }) => {
    const random = createRandom(seed);
    const [x, filter] = [randomRef(xShape, random), randomRef(filterShape, random)];
    const y = await value(conv2d(tensor(x), tensor(filter), attributes));
    const dy = randomRef(y.shape, random);
    // The rows and columns at the end that the stride leaves out come back as output padding.
    const [top, bottom, left, right] = attributes.padding;
    const { strides, dilations, kernel } = convolutionGeometry(xShape, filterShape, attributes);
    const cut = (size: number, pads: number, axis: 0 | 1): number =>
      (size + pads - (kernel[axis] - 1) * dilations[axis] - 1) % strides[axis];
    const outputPadding = [
      cut(xShape[1], top + bottom, 0),
      cut(xShape[2], left + right, 1),
    ] as const;
    const back = convTranspose2d(tensor(dy), tensor(filter), { ...attributes, outputPadding });
    expect(back.shape).toEqual(xShape);
    const terms = dot(
      abs(dy),
      await value(conv2d(tensor(abs(x)), tensor(abs(filter)), attributes)),
    );
    const error = Math.abs(dot(dy, y) - dot(await value(back), x));
    expect(error).toBeLessThanOrEqual(EPSILON * terms);
  });
});

test("conv(a·x + b·y) = a·conv(x) + b·conv(y)", async () => {
  await holds(async ({ x: shape, filter: filterShape, attributes, seed }) => {
    const random = createRandom(seed);
    // Eighths and halves: the sum on the left is exact in float32.
    const eighths = (): Ref => map(randomRef(shape, random), (v) => Math.round(v * 8) / 8);
    const [x, y, filter] = [eighths(), eighths(), randomRef(filterShape, random)];
    const of = (at: Ref): Promise<Ref> =>
      Promise.resolve(conv2d(tensor(at), tensor(filter), attributes)).then(value);
    const left = await of(zip(x, y, (p, q) => 0.5 * p - 2 * q));
    const right = zip(await of(x), await of(y), (p, q) => 0.5 * p - 2 * q);
    const terms = await value(
      conv2d(tensor(zip(abs(x), abs(y), (p, q) => p + 2 * q)), tensor(abs(filter)), attributes),
    );
    left.data.forEach((v, i) => {
      expect(Math.abs(v - right.data[i]!)).toBeLessThanOrEqual(3 * EPSILON * terms.data[i]!);
    });
  });
});

test("splitting a batch changes no bit of a convolution", async () => {
  await holds(async ({ x: [, ...image], filter: filterShape, attributes, seed }) => {
    const random = createRandom(seed);
    const filter = tensor(randomRef(filterShape, random));
    const [first, second] = [randomRef([2, ...image], random), randomRef([1, ...image], random)];
    const joined = { shape: [3, ...image], data: Float64Array.of(...first.data, ...second.data) };
    const [one, two, all] = await Promise.all(
      [first, second, joined].map((x) => conv2d(tensor(x), filter, attributes).read()),
    );
    expect([...one!, ...two!]).toEqual([...all!]);
  });
});

test("splitting a batch changes no bit of a product", async () => {
  await assert(
    asyncProperty(upTo(70), upTo(20), upTo(40), upTo(1e6), async (m, n, k, seed) => {
      await inVariants(async () => {
        const random = createRandom(seed);
        const [a, w] = [randomRef([m + 3, k], random), tensor(randomRef([k, n], random))];
        const part = (from: number, rows: number): Ref => ({
          shape: [rows, k],
          data: a.data.subarray(from * k, (from + rows) * k),
        });
        const [one, two, all] = await Promise.all(
          [part(0, m), part(m, 3), a].map((x) => matmul(tensor(x), w).read()),
        );
        expect([...one!, ...two!]).toEqual([...all!]);
      });
    }),
    RUNS,
  );
});

test("permuting a layout and back is the identity", async () => {
  const shapes = array(upTo(6), { minLength: 1, maxLength: 6 });
  const permuted = shapes.chain((shape) => {
    const axes = shape.map((_, axis) => axis);
    const all = { minLength: shape.length, maxLength: shape.length };
    return tuple(constant(shape), shuffledSubarray(axes, all));
  });
  await assert(
    asyncProperty(permuted, async ([shape, permutation]) => {
      const x = randomRef(shape, createRandom(7));
      const back = permutation.map((_, axis) => permutation.indexOf(axis));
      const there = transpose(tensor(x), { permutation });
      expect(there.shape).toEqual(permutation.map((axis) => shape[axis]));
      expect(await value(transpose(there, { permutation: back }))).toEqual(x);
    }),
    RUNS,
  );
});

test("an array cut anywhere and joined again is itself", async () => {
  const cuts = array(upTo(5), { minLength: 1, maxLength: 4 }).chain((shape) =>
    upTo(shape.length - 1, 0).chain((axis) =>
      tuple(constant({ shape, axis }), upTo(shape[axis]!, 0)),
    ),
  );
  await assert(
    asyncProperty(cuts, async ([{ shape, axis }, cut]) => {
      const x = randomRef(shape, createRandom(8));
      const zeros = shape.map(() => 0);
      const head = slice(tensor(x), { starts: zeros, sizes: shape.with(axis, cut) });
      const tail = slice(tensor(x), { starts: zeros.with(axis, cut) });
      expect(await value(concat([head, tail], { axis }))).toEqual(x);
    }),
    RUNS,
  );
});
