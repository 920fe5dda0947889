// `longhand gpu-check`: whether the kernels are right on this adapter, and how fast it and they are.
import type { Command } from "commander";
import { terminal } from "../../terminal/ui.ts";
import { adapterOption, requireEnding, requireFolder, whole } from "../options.ts";

const MOST_SECONDS = 300;

/** The flags of `gpu-check`. */
export interface GpuCheckFlags {
  readonly adapter?: string;
  readonly seconds: number;
  readonly out: string;
}

/** Checks an adapter. Ends with exit code 1 if a kernel is wrong. Throws `UsageError`, `AdapterError`, `OutputError`. */
export async function gpuCheckCommand(flags: GpuCheckFlags): Promise<void> {
  requireEnding("--out", flags.out, ".json");
  requireFolder("--out", flags.out);
  // The op table and its references are large, and no other command needs them.
  const { checkAdapter } = await import("../../runs/checking.ts");
  const { correctness } = await checkAdapter(terminal, flags);
  if (correctness.faults.length > 0) process.exitCode = 1;
}

/** Adds `gpu-check` to the command line. */
export function addGpuCheck(program: Command): void {
  program
    .command("gpu-check")
    .description(
      "compare the ops' kernels with float64 on this adapter, measure what it can do, and time a training step",
    )
    .option("--out <file>", "where to write the report, as JSON", "gpu-check.json")
    .option("--seconds <n>", "the most seconds to take", whole(1), MOST_SECONDS)
    .addOption(adapterOption())
    .action(async (flags: GpuCheckFlags) => gpuCheckCommand(flags));
}
