// Writes networks in other formats, for `longhand export`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../checkpoint/files.ts";
import { UsageError } from "../../gpu/errors.ts";
import { printable } from "../../gpu/foreign-text.ts";
import { exportJudge, exportOnnx } from "../../runs/exchange/export-onnx.ts";
import {
  exportJudgeToTorch,
  exportNetwork,
  exportTraining,
} from "../../runs/exchange/export-torch.ts";
import { readRunToExport } from "../../runs/exchange/networks.ts";
import { print } from "../../terminal/print.ts";
import type { ExportFlags } from "../commands/export.ts";

type What = NonNullable<ExportFlags["what"]>;

/** Writes a network of a run, or the first judge, as an ONNX file. */
export async function exportToOnnx(
  run: string | undefined,
  what: What,
  out: string,
  flags: ExportFlags,
): Promise<void> {
  refuseExisting([out], flags);
  let model;
  if (run === undefined) {
    model = await exportJudge("first", flags);
  } else {
    const read = readRunToExport(run, flags.checkpoint);
    print(...read.checkpoint.notes);
    model = exportOnnx(read, what === "discriminator" ? what : "generator", flags);
  }
  const { bytes, folded, left } = model;
  if (flags.foldBatchNorm) {
    const stay = left.length > 0 ? `; not ${left.join(", ")}, which no linear layer adjoins` : "";
    print(`Folded: ${folded.length > 0 ? folded.join(", ") : "no batch norm"}${stay}.`);
  }
  writeFileAtomic(out, bytes);
  print(out);
}

/** Writes networks of a run, or the first judge, as safetensors files, and the Python that loads them. */
export async function exportToTorch(
  run: string | undefined,
  what: What,
  out: string,
  flags: ExportFlags,
): Promise<void> {
  let files;
  if (run === undefined) {
    files = await exportJudgeToTorch("first");
  } else {
    const read = readRunToExport(run, flags.checkpoint);
    print(...read.checkpoint.notes);
    const network = what === "discriminator" ? what : "generator";
    files = what === "training" ? exportTraining(read) : exportNetwork(read, network);
  }
  const paths = Object.keys(files).map((name) => join(out, name));
  refuseExisting(paths, flags);
  makeFolder(out);
  for (const [name, data] of Object.entries(files)) {
    writeFileAtomic(join(out, name), data);
    print(join(out, name));
  }
}

/** Throws `UsageError` if something would be overwritten without `--force`. */
function refuseExisting(paths: readonly string[], { force = false }: ExportFlags): void {
  const there = force ? undefined : paths.find((path) => existsSync(path));
  if (there === undefined) return;
  throw new UsageError(
    `${printable(there)}: already exists; overwrite it with --force, or name another place with --out`,
  );
}
