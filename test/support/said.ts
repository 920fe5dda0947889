// Commands run in the process of the test.
import { vi } from "vitest";

/** What a command says, run in this process: another would only load everything again. */
export async function said(command: () => Promise<void>): Promise<string> {
  const log = vi.spyOn(console, "log").mockReturnValue();
  try {
    await command();
    return log.mock.calls.map(([line]) => String(line)).join("\n");
  } finally {
    log.mockRestore();
  }
}
