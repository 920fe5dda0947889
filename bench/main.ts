// `npm run bench`: measures what is fast and what is slow on this adapter.
import { LonghandError, UsageError } from "../src/gpu/errors.ts";
import { refuseKeptFlags } from "../src/terminal/npm-flags.ts";
import { benchProgram } from "./program.ts";

const program = benchProgram();

try {
  const note = refuseKeptFlags(program, process.argv, process.env);
  if (note !== undefined) console.error(note);
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LonghandError)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
