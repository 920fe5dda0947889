// Exports a run's networks, or a judge, as Keras's files.
import { kerasFiles } from "../../formats/keras/write-keras.ts";
import type { PlainNetwork } from "../../formats/plain-network.ts";
import type { Which } from "../../judge/designs.ts";
import { longhandVersion } from "../checkout.ts";
import type { ExportedFiles } from "./export-torch.ts";
import { judgeToExport } from "./judge-network.ts";
import { drawingFile, metadataOf, networkOf, type RunToExport } from "./networks.ts";

/** Exports one network of a run. Throws `CheckpointError`, and `UsageError` on layers that Keras lacks. */
export function exportKeras(
  run: RunToExport,
  what: "generator" | "discriminator",
): Promise<ExportedFiles> {
  const from = what === "generator" ? drawingFile(run.recipe) : what;
  return filesOf({ ...networkOf(run, from), name: what }, metadataOf(run, from));
}

/** Exports the judge that evaluations use. Throws `CheckpointError`. */
export async function exportJudgeToKeras(which: Which): Promise<ExportedFiles> {
  const { network, metadata } = await judgeToExport(which);
  return filesOf(network, metadata);
}

async function filesOf(
  network: PlainNetwork,
  metadata: Readonly<Record<string, string>>,
): Promise<ExportedFiles> {
  const files = await kerasFiles(network, { longhand: longhandVersion(), ...metadata });
  return Object.fromEntries(
    Object.entries(files).map(([ending, bytes]) => [`${network.name}${ending}`, bytes]),
  );
}
