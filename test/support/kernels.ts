// Lists all kernels: the entry points of the files below `shaders/`.
import { readdirSync } from "node:fs";
import { WORKGROUP_TILES } from "../../src/kernels/workgroup-tile.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { joinedText } from "../../src/gpu/shader.ts";

/** The shaders' paths, without `.wgsl`. */
export const SHADERS: readonly string[] = readdirSync(new URL("../../shaders", import.meta.url))
  .filter((name) => name.endsWith(".wgsl"))
  .map((name) => name.slice(0, -".wgsl".length));

/** Returns a shader's text with its libraries. */
export function wholeText(shader: string): string {
  return joinedText(`${shader}.wgsl`, shaderText);
}

/** Returns entry points by label, such as `matmul.tiled`, each with its invocations per workgroup. */
export function kernelSizes(): ReadonlyMap<string, number> {
  return new Map(
    SHADERS.flatMap((shader) => {
      const [, kernel] = /^(.*)-workgroup$/.exec(shader) ?? [];
      if (kernel !== undefined) {
        return Object.entries(WORKGROUP_TILES).map(([variant, { LANES }]): [string, number] => [
          `${kernel}-${variant}.tiled`,
          LANES,
        ]);
      }
      const entries = shaderText(`${shader}.wgsl`).matchAll(
        /@compute @workgroup_size\(([^)]*)\)\s*fn (\w+)/g,
      );
      return [...entries].map(([, size, entry]): [string, number] => [
        `${shader}.${entry}`,
        size!.split(",").reduce((product, extent) => product * extentOf(shader, extent), 1),
      ]);
    }),
  );
}

/** Reads an extent of a workgroup: a number, or a constant's default. */
function extentOf(shader: string, extent: string): number {
  const named = new RegExp(`^const ${extent.trim()} = (\\d+)u;`, "m").exec(wholeText(shader));
  return Number(named?.[1] ?? extent);
}

/** The labels of all entry points. */
export function kernelNames(): readonly string[] {
  return [...kernelSizes().keys()];
}
