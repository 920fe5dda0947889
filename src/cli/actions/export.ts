// Writes networks in other formats, for `longhand export`.
import { existsSync } from "node:fs";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { UsageError } from "../../gpu/errors.ts";
import { printable } from "../../gpu/foreign-text.ts";
import { exportJudge, exportOnnx } from "../../runs/exchange/export-onnx.ts";
import { readRunToExport } from "../../runs/exchange/networks.ts";
import { print } from "../../terminal/print.ts";
import type { ExportFlags } from "../commands/export.ts";

/** Writes a network of a run, or the first judge, as an ONNX file. */
export async function exportToOnnx(
  run: string | undefined,
  what: NonNullable<ExportFlags["what"]>,
  out: string,
  flags: ExportFlags,
): Promise<void> {
  refuseExisting(out, flags);
  let model;
  if (run === undefined || what === "judge") {
    model = await exportJudge("first", flags);
  } else {
    const read = readRunToExport(run, flags.checkpoint);
    print(...read.checkpoint.notes);
    model = exportOnnx(read, what, flags);
  }
  const { bytes, folded, left } = model;
  if (flags.foldBatchNorm) {
    const stay = left.length > 0 ? `; not ${left.join(", ")}, which no linear layer adjoins` : "";
    print(`Folded: ${folded.length > 0 ? folded.join(", ") : "no batch norm"}${stay}.`);
  }
  writeFileAtomic(out, bytes);
  print(out);
}

/** Throws `UsageError` if something would be overwritten without `--force`. */
function refuseExisting(out: string, { force = false }: ExportFlags): void {
  if (force || !existsSync(out)) return;
  throw new UsageError(
    `--out ${printable(out)}: already exists; overwrite it with --force, or name another file`,
  );
}
