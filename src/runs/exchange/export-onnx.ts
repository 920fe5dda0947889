// Exports a run's networks, or a judge, as ONNX.
import {
  discriminatorModel,
  generatorModel,
  judgeModel,
  type OnnxModel,
  type Told,
} from "../../formats/onnx/write-onnx.ts";
import type { Recipe } from "../../gan/recipe.ts";
import type { Which } from "../../judge/designs.ts";
import { longhandVersion } from "../checkout.ts";
import { judgeToExport } from "./judge-network.ts";
import { drawingFile, metadataOf, networkOf, type RunToExport } from "./networks.ts";

/** How to write a model. */
export interface OnnxFlags {
  readonly foldBatchNorm?: boolean | undefined;
  readonly uint8?: boolean | undefined;
}

/** Returns what a recipe's networks are told about each image. */
export function toldOf({ classes, clusters = 0 }: Recipe): Told | undefined {
  if (classes !== undefined) return { what: "class", count: classes };
  return clusters > 0 ? { what: "cluster", count: clusters } : undefined;
}

const wordsOn = ({ recipe, checkpoint }: RunToExport): string =>
  `recipe ${recipe.name}, step ${checkpoint.step}`;

/** Exports a run's generator or discriminator. Throws `CheckpointError`, and `UsageError` on layers that ONNX lacks. */
export function exportOnnx(
  run: RunToExport,
  what: "generator" | "discriminator",
  flags: OnnxFlags,
): OnnxModel {
  const file = what === "generator" ? drawingFile(run.recipe) : "discriminator";
  const network = networkOf(run, file);
  const told = toldOf(run.recipe);
  const about = {
    name: what,
    version: longhandVersion(),
    metadata: metadataOf(run, file),
    doc:
      what === "generator"
        ? `A generator that Longhand trained (${wordsOn(run)}): draws an image from noise.`
        : `A discriminator that Longhand trained (${wordsOn(run)}): tells real images from generated ones.`,
  };
  const drawn =
    told?.what === "cluster"
      ? "draw each with the chance of its share, which the metadata's cluster_shares lists in order"
      : "the digit itself";
  return what === "generator"
    ? generatorModel(network, told, drawn, { about, ...flags })
    : discriminatorModel(network, told, { about, ...flags });
}

/** Exports the judge that evaluations use. Throws `CheckpointError`. */
export async function exportJudge(which: Which, flags: OnnxFlags): Promise<OnnxModel> {
  const { body, head, accuracy, metadata } = await judgeToExport(which);
  return judgeModel(body, head, {
    ...flags,
    about: {
      name: "judge",
      version: longhandVersion(),
      metadata,
      doc: `The ${which} judge of Longhand: says which digit an image shows. ${(accuracy * 100).toFixed(2)} % of the test images right.`,
    },
  });
}
