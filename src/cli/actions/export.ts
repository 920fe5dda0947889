// Writes networks in other formats, for `longhand export`.
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../checkpoint/files.ts";
import {
  exportJudgeToKeras,
  exportKeras,
  type KerasFormat,
} from "../../runs/exchange/export-keras.ts";
import { exportJudge, exportOnnx } from "../../runs/exchange/export-onnx.ts";
import {
  exportJudgeToTorch,
  exportNetwork,
  exportTraining,
  type ExportedFiles,
} from "../../runs/exchange/export-torch.ts";
import { readRunToExport, type RunToExport } from "../../runs/exchange/networks.ts";
import { print } from "../../terminal/print.ts";
import type { ExportFlags, FolderFormat, What } from "../export-flags.ts";
import { requireFree } from "../options.ts";

/** Writes a network of a run, or the first judge, as an ONNX file. */
export async function exportToOnnx(
  run: string | undefined,
  what: What,
  out: string,
  flags: ExportFlags,
): Promise<void> {
  requireFree("--out", out, flags.force);
  let model;
  if (run === undefined) {
    model = await exportJudge("first", flags);
  } else {
    const read = readRunToExport(run, flags.checkpoint);
    print(...read.checkpoint.notes);
    model = exportOnnx(read, networkIn(what), flags);
  }
  const { bytes, folded, left } = model;
  if (flags.foldBatchNorm) {
    const stay = left.length > 0 ? `; not ${left.join(", ")}, which no linear layer adjoins` : "";
    print(`Folded: ${folded.length > 0 ? folded.join(", ") : "no batch norm"}${stay}.`);
  }
  writeFileAtomic(out, bytes);
  print(out);
}

type Network = "generator" | "discriminator";

const networkIn = (what: What): Network => (what === "discriminator" ? what : "generator");

/** How each format of several files is made. */
interface Writers {
  readonly judge: () => Promise<ExportedFiles>;
  readonly network: (run: RunToExport, what: Network) => ExportedFiles | Promise<ExportedFiles>;
}

const kerasWriters = (format: KerasFormat): Writers => ({
  judge: () => exportJudgeToKeras(format, "first"),
  network: (run, what) => exportKeras(format, run, what),
});

const WRITERS: Readonly<Record<FolderFormat, Writers>> = {
  torch: { judge: () => exportJudgeToTorch("first"), network: exportNetwork },
  keras: kerasWriters("keras"),
  tfjs: kerasWriters("tfjs"),
};

/** Writes networks of a run, or the first judge, as the files of a format, into a folder. */
export async function exportToFolder(
  run: string | undefined,
  what: What,
  out: string,
  flags: ExportFlags & { readonly format: FolderFormat },
): Promise<void> {
  const { judge, network } = WRITERS[flags.format];
  let files;
  if (run === undefined) {
    files = await judge();
  } else {
    const read = readRunToExport(run, flags.checkpoint);
    print(...read.checkpoint.notes);
    files = what === "training" ? exportTraining(read) : await network(read, networkIn(what));
  }
  for (const name of Object.keys(files)) requireFree("--out", join(out, name), flags.force);
  makeFolder(out);
  for (const [name, data] of Object.entries(files)) {
    writeFileAtomic(join(out, name), data);
    print(join(out, name));
  }
}
