// Element-wise arithmetic as ops: the operations of binary.ts, with gradients.
import type { GpuArray } from "../gpu/array.ts";
import { binary, scale, type BinaryOperation } from "./binary.ts";
import { sumTo } from "./reduce.ts";
import { defineOp, type Op } from "./op.ts";

type Pair = readonly [GpuArray, GpuArray];
type NoAttributes = Readonly<Record<never, never>>;

function opOf(
  name: BinaryOperation,
  da: (dout: GpuArray, a: GpuArray, b: GpuArray) => GpuArray,
  db: (dout: GpuArray, a: GpuArray, b: GpuArray) => GpuArray,
): Op<Pair, NoAttributes> {
  return defineOp({
    name,
    attributes: {},
    forward: ([a, b]) => ({ out: binary(name, a, b), saved: { a, b } }),
    backward: (dout, { a, b }, _attributes, needs) => [
      needs[0] ? sumTo(da(dout, a, b), a.shape) : undefined,
      needs[1] ? sumTo(db(dout, a, b), b.shape) : undefined,
    ],
  });
}

/** a + b. */
export const add: Op<Pair, NoAttributes> = opOf(
  "add",
  (dout) => dout,
  (dout) => dout,
);

/** a − b. */
export const sub: Op<Pair, NoAttributes> = opOf(
  "sub",
  (dout) => dout,
  (dout) => scale(dout, -1),
);

/** a · b, element by element. */
export const mul: Op<Pair, NoAttributes> = opOf(
  "mul",
  (dout, _a, b) => binary("mul", dout, b),
  (dout, a) => binary("mul", dout, a),
);

/** a / b; d/db = −a / b². */
export const div: Op<Pair, NoAttributes> = opOf(
  "div",
  (dout, _a, b) => binary("div", dout, b),
  (dout, a, b) => scale(binary("mul", dout, binary("div", binary("div", a, b), b)), -1),
);

/** Ties share the gradient evenly, as in PyTorch. */
function extremeRule(name: "maximum" | "minimum"): Op<Pair, NoAttributes> {
  const share = (dout: GpuArray, winner: GpuArray, loser: GpuArray): GpuArray => {
    const wins = binary("greater", winner, loser);
    const ties = scale(binary("equal", winner, loser), 0.5);
    return binary("mul", dout, binary("add", wins, ties));
  };
  return name === "maximum"
    ? opOf(
        name,
        (dout, a, b) => share(dout, a, b),
        (dout, a, b) => share(dout, b, a),
      )
    : opOf(
        name,
        (dout, a, b) => share(dout, b, a),
        (dout, a, b) => share(dout, a, b),
      );
}

/** The larger of a and b; NaN if either is NaN. */
export const maximum: Op<Pair, NoAttributes> = extremeRule("maximum");

/** The smaller of a and b; NaN if either is NaN. */
export const minimum: Op<Pair, NoAttributes> = extremeRule("minimum");
