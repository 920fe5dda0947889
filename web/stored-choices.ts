// Keeps what was tuned in the browser's storage. The page does this, because workers have no storage.

import type { TunedMessage } from "./messages.ts";

const PREFIX = "longhand kernels: ";

/** Returns all stored choices by adapter name; none if the browser allows no storage. */
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

/** Stores what was tuned on an adapter, if the browser permits. The current run has the choices anyway. */
export function storeChoices({ adapter, text }: TunedMessage): void {
  try {
    localStorage.setItem(PREFIX + adapter, text);
  } catch {
    // Private windows and full storage refuse.
  }
}
