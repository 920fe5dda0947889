// How a build packs the engine: only the shaders that are launched, without their comments, and workers that share their
// code with the page.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { shaderMinifier } from "../../src/gpu/minify-wgsl.ts";
import { namedLibraries } from "../../src/gpu/shader.ts";
import { PROJECT } from "./config.ts";

const SHADERS = `${PROJECT}shaders/`;
const VARIANT = /-(lanes|workgroup|subgroup)\.wgsl$/;
const VIRTUAL = "virtual:shader/";

const paths = readdirSync(SHADERS, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".wgsl"));

const sourceOf = (path: string): string => readFileSync(join(SHADERS, path), "utf8");
const minified = shaderMinifier(paths, sourceOf);

const LANES = /-lanes\.wgsl$/;
const IMPORTS_LANES = 'import("./lanes-shaders.ts")';

/** What goes into files of its own. */
export interface Apart {
  /** Shaders whose lanes share loads. */
  readonly lanesApart?: boolean;
}

/**
 * Ships a shader with the launchers that name it, instead of all shaders with the first one. Its libraries and variants
 * come with it; if `lanesApart`, those whose lanes share loads come with `web/lab/lanes-shaders.ts` instead.
 */
export function usedShaders({ lanesApart = false }: Apart = {}): Plugin {
  const isApart = (path: string): boolean => lanesApart && LANES.test(path);
  const names = paths.filter((path) => !path.includes("/")).map((path) => path.slice(0, -5));
  const isNamed = new RegExp(`"(${names.join("|")})"`, "g");
  return {
    name: "longhand:used-shaders",
    resolveId: (id) => (id.startsWith(VIRTUAL) ? `\0${id}` : undefined),
    load(id) {
      if (id.endsWith("/src/gpu/shader-map.ts")) {
        return { code: "export const shaders = Object.create(null);", moduleType: "js" };
      }
      if (lanesApart && id.endsWith("/web/lab/lanes-shaders.ts")) {
        const code = paths.filter(isApart).map(importOf).join("");
        return { code, moduleType: "js", moduleSideEffects: true };
      }
      if (!id.startsWith(`\0${VIRTUAL}`)) return undefined;
      const path = id.slice(VIRTUAL.length + 1);
      const text = sourceOf(path);
      const variants = paths.filter(
        (other) => other !== path && !isApart(other) && other.replace(VARIANT, ".wgsl") === path,
      );
      const others = [...namedLibraries(text), ...variants].map(importOf).join("");
      return {
        code: `import { shaders } from ${JSON.stringify(`${PROJECT}src/gpu/shader-map.ts`)};
${others}shaders[${JSON.stringify(path)}] = ${JSON.stringify(minified(path))};`,
        moduleType: "js",
        moduleSideEffects: true,
      };
    },
    transform(code, id) {
      const file = id.replaceAll("\\", "/");
      // As the address of a file: to an import by name, Vite adds what only pages can run.
      if (lanesApart && code.includes(IMPORTS_LANES)) {
        const chunk = this.emitFile({ type: "chunk", id: `${PROJECT}web/lab/lanes-shaders.ts` });
        return code.replace(IMPORTS_LANES, `import(import.meta.ROLLUP_FILE_URL_${chunk})`);
      }
      // Any library may be appended to a custom shader.
      if (file.endsWith("/src/autograd/define-op.ts")) {
        return (
          paths
            .filter((path) => path.startsWith("lib/"))
            .map(importOf)
            .join("") + code
        );
      }
      if (!/\/src\/(?:kernels\/[^/]+|gpu\/move-into)\.ts$/.test(file)) return undefined;
      const used = new Set(Array.from(code.matchAll(isNamed), ([, name]) => `${name}.wgsl`));
      const shipped = [...used].filter((path) => !isApart(path));
      return shipped.length === 0 ? undefined : shipped.map(importOf).join("") + code;
    },
  };
}

/** Puts the shaders' texts with their comments into a file of their own, which is loaded when somebody reads one. */
export function commentedShaders(): Plugin {
  return {
    name: "longhand:commented-shaders",
    load(id) {
      if (!id.endsWith("/web/lab/shader-sources.ts")) return undefined;
      const texts = paths.map((path) => [path, sourceOf(path)]);
      const source = JSON.stringify(Object.fromEntries(texts));
      const file = this.emitFile({ type: "asset", name: "shaders.json", source });
      return {
        code: `export const SOURCES = import.meta.ROLLUP_FILE_URL_${file};`,
        moduleType: "js",
      };
    },
  };
}

const importOf = (path: string): string => `import ${JSON.stringify(VIRTUAL + path)};\n`;

const CALLED = /^((?:export )?const \w+ = )(?=(?:new )?[A-Za-z][\w.]*\()/gm;

// A tab trains alone: what ranks do with batch norm needs processes.
const ALONE = `export const joinedConstants = () => ({});
export const joinMoments = () => { throw new Error("a page has no ranks"); }, joinSums = joinMoments;`;

/**
 * Lets the bundler leave out constants of the engine that nobody uses, although calls make them, as they make all ops,
 * and what only ranks need.
 */
export function pureEngine(): Plugin {
  return {
    name: "longhand:pure-engine",
    load: (id) =>
      id.endsWith("/src/kernels/batch-norm-ranks.ts")
        ? { code: ALONE, moduleType: "js" }
        : undefined,
    transform(code, id) {
      if (!/\/(?:src|proof)\/[^?]*\.ts$/.test(id.replaceAll("\\", "/"))) return undefined;
      return {
        code: code.replaceAll(CALLED, "$1/* @__PURE__ */ "),
        moduleSideEffects: false,
      };
    },
  };
}

const WORKER = /new Worker\(\s*new URL\(\s*"(\.[^"]+)",\s*import\.meta\.url\s*\)/g;

const CHECK = `${PROJECT}web/check/`;

/**
 * Builds the lab as an entry of the same build, so that it shares the page's chunks. Vite builds the worker of the check
 * alone, with an engine of its own: it needs every op, and the page's engine would hold those that nothing else uses.
 */
export function sharedWorkers(): Plugin {
  return {
    name: "longhand:shared-workers",
    enforce: "pre",
    async transform(code, id) {
      const found = [...code.matchAll(WORKER)];
      if (!id.startsWith(`${PROJECT}web/`) || found.length === 0) return undefined;
      if (id.startsWith(CHECK)) return undefined;
      let text = code;
      for (const [whole, path] of found) {
        const resolved = await this.resolve(path!, id);
        if (!resolved) throw new Error(`${id}: no worker at ${path}`);
        const reference = this.emitFile({ type: "chunk", id: resolved.id });
        text = text.replace(
          whole,
          `new Worker(new URL(import.meta.ROLLUP_FILE_URL_${reference}, import.meta.url)`,
        );
      }
      return text;
    },
  };
}
