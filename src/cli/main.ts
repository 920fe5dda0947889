// The command line. Commands are thin: flags in, one function called, errors in one sentence.
import { report } from "../terminal/failure.ts";
import { refuseKeptFlags } from "../terminal/npm-flags.ts";
import { remark } from "../terminal/ui.ts";
import { longhandProgram } from "./program.ts";

const program = longhandProgram();

// A reader that closes early (`| head`), or a terminal that is closed, costs the words and not the work.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

for (const command of [program, ...program.commands]) command.exitOverride();

try {
  const note = refuseKeptFlags(program, process.argv, process.env);
  if (note !== undefined) remark(note);
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
  setTimeout(() => process.exit(), 1000).unref(); // if a config's module goes on waiting for something
}
