// Shared libraries that Dawn is to find loaded (Linux).

import { constants } from "node:os";
import { AdapterError } from "../errors.ts";
import { wordsOf } from "../foreign-text.ts";

const RTLD_NODELETE = 0x1000; // keeps a library loaded though Node drops it

/**
 * Why a library doesn't load, or undefined if it does. Node's dlopen takes any library, then complains that it isn't
 * one of Node's own: that one loaded.
 */
export function dlopenComplaint(
  library: string,
  flags: number = constants.dlopen.RTLD_LAZY,
): string | undefined {
  try {
    process.dlopen({ exports: {} }, library, flags);
  } catch (error) {
    const message = wordsOf(error, Infinity);
    if (!message.includes("self-register")) return message;
  }
  return undefined;
}

/**
 * Loads a Vulkan loader for Dawn, which asks for `libvulkan.so.1` by that name: a library of this name that is loaded
 * already, for all to see and to stay, is the one it gets. Throws `AdapterError`.
 */
export function loadLoader(path: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  const complaint = dlopenComplaint(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  if (complaint !== undefined) {
    throw new AdapterError(`the embedded Vulkan loader doesn't load: ${complaint}`);
  }
}
