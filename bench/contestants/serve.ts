// What every contestant's process does: it takes its options from the argument, says when it is ready, and answers each
// message with one message.
import type { Answer, Command, StartOptions } from "./messages.ts";
import { obey, type Stand } from "./stand.ts";

/** Serves what `build` returns: a stand, and the name of the adapter that it runs on. */
export async function serve(
  build: (options: StartOptions) => Promise<{ readonly stand: Stand; readonly adapter: string }>,
): Promise<void> {
  const say = (answer: Answer): void => void process.send?.(answer);
  const complain = (error: unknown): void =>
    say({ error: error instanceof Error ? error.message : String(error) });
  // The process that started this one ends it by another signal.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
  process.on("disconnect", () => process.exit());
  try {
    const { stand, adapter } = await build(JSON.parse(process.argv[2] ?? ""));
    process.on("message", (command: Command) => {
      obey(stand, command).then(say, complain);
    });
    say({ ready: adapter });
  } catch (error) {
    complain(error);
  }
}
