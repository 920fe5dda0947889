// `longhand doctor`: what this machine has to run on.
import type { Command } from "commander";
import { adapterOption } from "../options.ts";

/** Adds `doctor` to the command line. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("say which adapters there are, and what to install for more speed")
    .addOption(adapterOption())
    .action(async ({ adapter }: { adapter?: string }) => {
      const { doctor } = await import("../words/doctor.ts");
      await doctor({ adapter });
    });
}
