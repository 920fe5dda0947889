// sin and cos: one shader computes both, a quarter turn apart.
import type { GpuArray } from "../gpu/array.ts";
import type { Op } from "./op.ts";
import { elementOp, type NoAttributes } from "./unary.ts";

const rule = (name: string, quarter: number): Op<readonly [GpuArray], NoAttributes> =>
  elementOp<NoAttributes>({ name, shader: "trigonometry", keeps: "input" }, {}, () => ({
    QUARTER: quarter,
  }));

/** sin x. The derivatives of sin and cos are the same functions a quarter turn further. */
export const sin: Op<readonly [GpuArray], NoAttributes> = rule("sin", 0);

/** cos x. */
export const cos: Op<readonly [GpuArray], NoAttributes> = rule("cos", 1);
