// Exports a run's networks, or a judge, as the files of Keras or of TensorFlow.js.
import { kerasFiles } from "../../formats/keras/write-keras.ts";
import type { PlainNetwork } from "../../formats/plain-network.ts";
import { tfjsFiles } from "../../formats/tfjs/write-tfjs.ts";
import type { Which } from "../../judge/designs.ts";
import { longhandVersion } from "../checkout.ts";
import type { ExportedFiles } from "./export-torch.ts";
import { judgeToExport } from "./judge-network.ts";
import { drawingFile, metadataOf, networkOf, type RunToExport } from "./networks.ts";

/** Which of the two. */
export type KerasFormat = "keras" | "tfjs";

/** Exports one network of a run. Throws `CheckpointError`, and `UsageError` on layers that Keras lacks. */
export function exportKeras(
  format: KerasFormat,
  run: RunToExport,
  what: "generator" | "discriminator",
): Promise<ExportedFiles> {
  const from = what === "generator" ? drawingFile(run.recipe) : what;
  return filesOf(format, { ...networkOf(run, from), name: what }, metadataOf(run, from));
}

/** Exports the judge that evaluations use. Throws `CheckpointError`. */
export async function exportJudgeToKeras(
  format: KerasFormat,
  which: Which,
): Promise<ExportedFiles> {
  const { network, metadata } = await judgeToExport(which);
  return filesOf(format, network, metadata);
}

async function filesOf(
  format: KerasFormat,
  network: PlainNetwork,
  metadata: Readonly<Record<string, string>>,
): Promise<ExportedFiles> {
  const about = { longhand: longhandVersion(), ...metadata };
  const files = await (format === "keras" ? kerasFiles : tfjsFiles)(network, about);
  return Object.fromEntries(
    Object.entries(files).map(([ending, bytes]) => [`${network.name}${ending}`, bytes]),
  );
}
