// Cases of the ops that store their results as f16, with a first input in f16 too.
import { convTranspose2d } from "../../src/autograd/ops.ts";
import { fromHalves, toHalves } from "../../src/gpu/half.ts";
import { map, type Ref, refOf, zeros } from "../reference/array.ts";
import type { Answer, Case } from "../case.ts";
import { halfCasts } from "./cast.ts";
import { convolution, transposed, withBias } from "./conv-cases.ts";
import { norm } from "./layer.ts";
import { connected } from "./matmul.ts";

/** What rounding to the nearest f16 explains of an error: half a step of its 11 digits, or of its least. */
const halfStep = (value: number): number => Math.max(2 ** -11 * Math.abs(value), 2 ** -25);

/** An answer that the device stores as f16: what is off beyond half a step of that is held to the f32 bound. */
function stored({ value, compare }: Answer): Answer {
  return {
    value,
    compare: (actual) =>
      compare(
        value.data.map((expected, i) => {
          const off = actual[i]! - expected;
          return expected + Math.sign(off) * Math.max(0, Math.abs(off) - halfStep(expected));
        }),
      ),
  };
}

/**
 * A case whose op is told to store its result as f16, on an input that is f16. Tiles through workgroup memory
 * are left to the chains, as they compile for long.
 */
function halved(made: Case, ways: Pick<Case, "lanes" | "split" | "tiles"> = { lanes: true }): Case {
  const [x, ...others] = made.inputs;
  return {
    ...made,
    ...ways,
    inputs: [refOf(x!.shape, fromHalves(toHalves(x!.data))), ...others],
    dtypes: ["f16", ...others.map(() => "f32" as const)],
    value: (...inputs) => stored(made.value(...inputs)),
  };
}

/** Where lanes can't share loads, as channels don't come by fours. */
const odd = { tiles: true, split: ["conv2d-weight-gradient"] } as const;
const activationType = "f16";

/** By the op that they are of. */
export const f16Cases: Readonly<Record<string, readonly Case[]>> = {
  conv2d: [
    halved(convolution([2, 8, 8, 8], [3, 3, 8, 16], { padding: "same", activationType })),
    halved(
      convolution([3, 7, 7, 3], [3, 3, 3, 5], {
        strides: 2,
        padding: "same",
        activationType,
      }),
      odd,
    ),
  ],
  convTranspose2d: [
    halved(
      withBias(
        transposed([2, 4, 4, 16], [3, 3, 8, 16], {
          strides: 2,
          padding: "same",
          activationType,
        }),
        convTranspose2d,
        8,
        { strides: 2, padding: "same", activationType },
      ),
    ),
    halved(
      transposed([3, 3, 5, 7], [5, 5, 1, 7], {
        strides: 2,
        padding: "same",
        activationType,
      }),
      odd,
    ),
  ],
  dense: [
    halved(connected([5, 24], 16, true, activationType)),
    halved(connected([3, 5], 7, false, activationType), { tiles: false }),
    halved(connected([3, 1100], 2, true, activationType), {
      tiles: false,
      split: ["conv2d-forward"],
    }),
  ],
  batchNorm: [
    halved(norm({ shape: [3, 9, 11, 4], training: true, alpha: 0.3, activationType })),
    halved(norm({ shape: [9, 5], training: true, activationType })),
    halved(norm({ shape: [2, 5, 3, 4], training: false, alpha: 0, activationType })),
    halved(norm({ shape: [65, 3], training: true, activationType })),
  ],
  cast: halfCasts,
};

/** Whole numbers from −`most` to `most`: sums of a few dozen of their products are exact as f16 too. */
export function wholeNumbers(shape: readonly number[], random: () => number, most: number): Ref {
  return map(zeros(shape), () => Math.round((2 * random() - 1) * most));
}
