// erf, and activations that multiply x by a gate.
import type { GpuArray } from "../gpu/array.ts";
import { finite, oneOf } from "./attributes.ts";
import type { Op } from "./op.ts";
import { constantName, elementOp, type NoAttributes } from "./unary.ts";

type Only<A> = Op<readonly [GpuArray], A>;

const gate = (name: string): Only<NoAttributes> =>
  elementOp<NoAttributes>({ name, shader: "gates", keeps: "input" }, {}, () => ({
    OP: constantName(name),
  }));

/** The attribute of `gelu`. */
export interface GeluAttributes {
  /** `none` is exact; `tanh` is the approximation that some networks were trained with ('none'). */
  readonly approximation?: "none" | "tanh";
}

/** The attributes of `hardSigmoid`. */
export interface HardSigmoidAttributes {
  /** The slope, ≥ 0 (1/6). */
  readonly alpha?: number;
  /** The value at 0 (0.5). */
  readonly beta?: number;
}

/** The error function. */
export const erf: Only<NoAttributes> = gate("erf");

/** x · Φ(x), or its tanh approximation. */
export const gelu: Only<GeluAttributes> = elementOp<GeluAttributes>(
  { name: "gelu", shader: "gates", keeps: "input" },
  { approximation: oneOf("none", "tanh") },
  ({ approximation = "none" }) => ({ OP: approximation === "tanh" ? "GELU_TANH" : "GELU" }),
);

/** x · sigmoid(x). */
export const silu: Only<NoAttributes> = gate("silu");

/** α · x + β, clipped to [0, 1]. */
export const hardSigmoid: Only<HardSigmoidAttributes> = elementOp<HardSigmoidAttributes>(
  { name: "hardSigmoid", shader: "gates", keeps: "input" },
  { alpha: finite(0), beta: finite() },
  ({ alpha = 1 / 6, beta = 0.5 }) => ({ OP: "HARD_SIGMOID", ALPHA: alpha, BETA: beta }),
);

/** x · (x + 3) / 6 between −3 and 3, 0 below and x above. */
export const hardSwish: Only<NoAttributes> = gate("hardSwish");
