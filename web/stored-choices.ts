// What was tuned in this browser, kept in its storage: the page's part, as workers have none.

import type { TunedMessage } from "./messages.ts";

const PREFIX = "longhand kernels: ";

/** All that is stored, by the adapters' names; nothing where the browser keeps its storage shut. */
export function storedChoices(): Record<string, string> {
  try {
    return Object.fromEntries(
      Object.entries(localStorage).flatMap(([key, text]: [string, string]) =>
        key.startsWith(PREFIX) ? [[key.slice(PREFIX.length), text]] : [],
      ),
    );
  } catch {
    return {};
  }
}

/** Stores what was tuned on an adapter, if the browser lets us: the run at hand has it anyway. */
export function storeChoices({ adapter, text }: TunedMessage): void {
  try {
    localStorage.setItem(PREFIX + adapter, text);
  } catch {
    // Private windows and full storages refuse.
  }
}
