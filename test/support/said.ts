// Runs commands in the process of the test.
import { vi } from "vitest";

/** Returns what a command prints when run in this process; another process would load everything again. */
export async function said(command: () => Promise<void>): Promise<string> {
  const log = vi.spyOn(console, "log").mockReturnValue();
  try {
    await command();
    return log.mock.calls.map(([line]) => String(line)).join("\n");
  } finally {
    log.mockRestore();
  }
}
