// sin and cos: one shader, and a quarter turn between them.
import type { GpuArray } from "../gpu/array.ts";
import type { Op } from "./op.ts";
import { elementOp, type NoAttributes } from "./unary.ts";

const rule = (name: string, quarter: number): Op<readonly [GpuArray], NoAttributes> =>
  elementOp<NoAttributes>({ name, shader: "trigonometry", keeps: "input" }, {}, () => ({
    QUARTER: quarter,
  }));

/** sin x; its derivative is a quarter turn further, as cos's is. */
export const sin: Op<readonly [GpuArray], NoAttributes> = rule("sin", 0);

/** cos x. */
export const cos: Op<readonly [GpuArray], NoAttributes> = rule("cos", 1);
