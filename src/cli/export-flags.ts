// The flags of `longhand export`, and which of them go together.
import { join } from "node:path";
import { UsageError } from "../gpu/errors.ts";
import type { WhichCheckpoint } from "../runs/checkpoint-places.ts";
import { requireEnding, requireFolder } from "./options.ts";

/** Formats of several files, which go into a folder. */
const FOLDER_FORMATS = ["torch", "keras", "tfjs"] as const;
export type FolderFormat = (typeof FOLDER_FORMATS)[number];

/** The formats of networks. */
export const FORMATS: readonly ExportFlags["format"][] = ["onnx", ...FOLDER_FORMATS];

/** What is exported. */
export const WHAT = ["generator", "discriminator", "judge", "training"] as const;
export type What = (typeof WHAT)[number];

/** The flags of `export`. */
export interface ExportFlags {
  readonly format: "onnx" | FolderFormat;
  readonly what?: What;
  readonly foldBatchNorm?: boolean;
  readonly uint8?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly checkpoint?: WhichCheckpoint;
}

/** Returns where to write. Throws `UsageError` on flags that don't go together. */
export function exportPlace(run: string | undefined, flags: ExportFlags): string {
  const { what = "generator", format } = flags;
  if (what === "judge" ? run !== undefined : run === undefined) {
    throw new UsageError(
      what === "judge"
        ? `export: --what judge takes no run, because a judge belongs to none; got ${run}: leave it out`
        : `export: --what ${what} needs a run folder; name one`,
    );
  }
  if (format !== "onnx" && (flags.foldBatchNorm || flags.uint8)) {
    const flag = flags.uint8 ? "--uint8" : "--fold-batch-norm";
    throw new UsageError(`${flag}: belongs to --format onnx; leave it out`);
  }
  if (format !== "torch" && what === "training") {
    throw new UsageError(
      `--what training: --format ${format} holds one network each; use --format torch`,
    );
  }
  const out = flags.out ?? join(run ?? "", format === "onnx" ? `${what}.onnx` : format);
  if (format === "onnx") requireEnding("--out", out, ".onnx");
  requireFolder("--out", out);
  return out;
}
