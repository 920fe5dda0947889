// The judge that evaluations use, off the device: what is exported of it.
import { plainNetwork, withNames, type PlainNetwork } from "../../formats/plain-network.ts";
import { CheckpointError, UsageError } from "../../gpu/errors.ts";
import { designs, FEATURES, SIDE, type Which } from "../../judge/designs.ts";
import type { KeptJudge } from "../../judge/judge.ts";
import { findJudge } from "../evaluation/judges.ts";

/** A judge as networks. */
export interface JudgeToExport {
  /** From images to features, and from features to logits. */
  readonly body: PlainNetwork;
  readonly head: PlainNetwork;
  /** Both, one after the other. */
  readonly network: PlainNetwork;
  readonly accuracy: number;
  /** What an exported file says of it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads a judge. Throws `UsageError` if none is there, `CheckpointError` if its weights don't fit its design. */
export async function judgeToExport(which: Which): Promise<JudgeToExport> {
  const { value: kept, path, trouble } = await findJudge(which);
  if (trouble !== undefined) throw new UsageError(`export: ${trouble}`);
  const { body, head } = networksOf(kept, path);
  const { accuracy, fingerprint } = kept;
  return {
    body,
    head,
    network: {
      ...body,
      name: "judge",
      layers: [...body.layers, ...withNames(head, "head_").layers],
    },
    accuracy,
    metadata: { judge: which, accuracy: String(accuracy), fingerprint },
  };
}

function networksOf(kept: KeptJudge, path: string): { body: PlainNetwork; head: PlainNetwork } {
  const design = designs[kept.which];
  const arraysOf = (network: string) => (name: string, shape: readonly number[]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const data = kept.weights.get(`${network}.${name}`);
    if (data?.length === size) return data;
    throw new CheckpointError(
      `${path}: ${network}.${name} has ${data?.length ?? "no"} values, but this version's ${kept.which} judge has ${size}`,
    );
  };
  return {
    body: plainNetwork("body", [SIDE, SIDE, 1], design.body(), arraysOf("body")),
    head: plainNetwork("head", [FEATURES], design.head(), arraysOf("head")),
  };
}
