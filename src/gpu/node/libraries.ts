// Loads shared libraries so that Dawn finds them (Linux).

import { constants } from "node:os";
import { AdapterError } from "../errors.ts";
import { wordsOf } from "../foreign-text.ts";

const RTLD_NODELETE = 0x1000; // keeps a library loaded when Node closes it

/**
 * Returns why a library doesn't load, or undefined if it does. Node's dlopen loads any library, and then complains that
 * it isn't a Node addon; that complaint means that it has loaded.
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
 * Loads a Vulkan loader for Dawn. Dawn asks for `libvulkan.so.1` by that name, and gets a library of that name that has
 * already been loaded globally and permanently. Throws `AdapterError`.
 */
export function loadLoader(path: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  const complaint = dlopenComplaint(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  if (complaint !== undefined) {
    throw new AdapterError(`the embedded Vulkan loader doesn't load: ${complaint}`);
  }
}
