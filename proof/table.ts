// The op table: a row for every op, or this file doesn't compile.
import type * as compositions from "../src/autograd/compositions.ts";
import type * as losses from "../src/autograd/losses.ts";
import type * as ops from "../src/autograd/ops.ts";
import { axisRows } from "./rows/axis.ts";
import { activationRows } from "./rows/activation.ts";
import { binaryRows } from "./rows/binary.ts";
import type { Row } from "./case.ts";
import { castRows } from "./rows/cast.ts";
import { conditionRows } from "./rows/condition.ts";
import { convRows } from "./rows/conv2d.ts";
import { functionRows } from "./rows/function.ts";
import { indexRows } from "./rows/index.ts";
import { layerRows } from "./rows/layer.ts";
import { lossRows } from "./rows/loss.ts";
import { matmulRows } from "./rows/matmul.ts";
import { minibatchRows } from "./rows/minibatch.ts";
import { moveRows } from "./rows/moves.ts";
import { normRows } from "./rows/norm.ts";
import { padRows } from "./rows/pad.ts";
import { placeRows } from "./rows/place.ts";
import { poolRows } from "./rows/pool.ts";
import { powerRows } from "./rows/power.ts";
import { reduceRows } from "./rows/reduce.ts";
import { repeatRows } from "./rows/repeat.ts";
import { resizeRows } from "./rows/resize.ts";
import { softmaxRows } from "./rows/softmax.ts";
import { unaryRows } from "./rows/unary.ts";

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
  ...minibatchRows,
  ...functionRows,
  ...activationRows,
  ...conditionRows,
  ...castRows,
};
