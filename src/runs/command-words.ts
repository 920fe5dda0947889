// How a command is typed here: with npm's scripts in a clone, or with npx if the package is installed.
import { basename } from "node:path";

/**
 * Returns a command as it is typed here: `npm run train -- --resume R` in a clone, `npx longhand train --resume R` if
 * the package is installed. `flags` must already be quoted for a shell.
 */
export function commandFor(name: string, flags = ""): string {
  const installed = /^longhand(\.mjs)?$/.test(basename(process.argv[1] ?? ""));
  const [start, behind] = installed ? [`npx longhand ${name}`, " "] : [`npm run ${name}`, " -- "];
  return flags === "" ? start : start + behind + flags;
}
