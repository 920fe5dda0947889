// How whoever runs the command line types it: a clone has npm's scripts, and who has installed the package has npx.
import { basename } from "node:path";

/**
 * A command as it is typed here: `npm run train -- --resume R` in a clone, `npx longhand train --resume R` where the
 * package is installed. `flags` are quoted for a shell already.
 */
export function commandFor(name: string, flags = ""): string {
  const installed = /^longhand(\.mjs)?$/.test(basename(process.argv[1] ?? ""));
  const [start, behind] = installed ? [`npx longhand ${name}`, " "] : [`npm run ${name}`, " -- "];
  return flags === "" ? start : start + behind + flags;
}
