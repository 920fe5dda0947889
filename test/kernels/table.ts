// The op table: a row for every op, or this file doesn't compile.
import type * as compositions from "../../src/autograd/compositions.ts";
import type * as losses from "../../src/autograd/losses.ts";
import type * as ops from "../../src/autograd/ops.ts";
import { axisRows } from "./axis-rows.ts";
import { activationRows } from "./activation-rows.ts";
import { binaryRows } from "./binary-rows.ts";
import type { Row } from "./case.ts";
import { castRows } from "./cast-rows.ts";
import { conditionRows } from "./condition-rows.ts";
import { convRows } from "./conv2d-rows.ts";
import { functionRows } from "./function-rows.ts";
import { indexRows } from "./index-rows.ts";
import { layerRows } from "./layer-rows.ts";
import { lossRows } from "./loss-rows.ts";
import { matmulRows } from "./matmul-rows.ts";
import { moveRows } from "./moves-rows.ts";
import { normRows } from "./norm-rows.ts";
import { padRows } from "./pad-rows.ts";
import { placeRows } from "./place-rows.ts";
import { poolRows } from "./pool-rows.ts";
import { powerRows } from "./power-rows.ts";
import { reduceRows } from "./reduce-rows.ts";
import { repeatRows } from "./repeat-rows.ts";
import { resizeRows } from "./resize-rows.ts";
import { softmaxRows } from "./softmax-rows.ts";
import { unaryRows } from "./unary-rows.ts";

/** Cases and refusals by op. */
export const table: {
  readonly [Op in keyof (typeof ops & typeof compositions & typeof losses)]: Row;
} = {
  ...unaryRows,
  ...binaryRows,
  ...reduceRows,
  ...convRows,
  ...layerRows,
  ...matmulRows,
  ...indexRows,
  ...moveRows,
  ...padRows,
  ...repeatRows,
  ...poolRows,
  ...resizeRows,
  ...powerRows,
  ...softmaxRows,
  ...lossRows,
  ...axisRows,
  ...placeRows,
  ...normRows,
  ...functionRows,
  ...activationRows,
  ...conditionRows,
  ...castRows,
};
