// `longhand doctor`: what this machine has to run on.
import type { Command } from "commander";
import { adapterOption } from "../options.ts";
import { doctor } from "../words/doctor.ts";

/** Adds `doctor` to the command line. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("say which adapters there are, and what to install for more speed")
    .addOption(adapterOption())
    .action(async (flags: { adapter?: string }) => doctor({ adapter: flags.adapter }));
}
