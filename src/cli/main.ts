// The command line. Commands are thin: flags in, one function called, errors in one sentence.
import { report } from "../terminal/failure.ts";
import { refuseKeptFlags } from "../terminal/npm-flags.ts";
import { remark } from "../terminal/ui.ts";
import { longhandProgram } from "./program.ts";

const program = longhandProgram();

// If a reader closes early (`| head`) or the terminal is closed, the output is lost, but the work goes on.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

for (const command of [program, ...program.commands]) command.exitOverride();

try {
  const note = refuseKeptFlags(program, process.argv, process.env);
  if (note !== undefined) remark(note);
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
  setTimeout(() => process.exit(), 1000).unref(); // in case a config's module goes on waiting for something
}
