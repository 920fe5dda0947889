// Builds what npm packs of the engine, from the project's src/ and shaders/: `npm pack` runs it first.
//
//   dist/js       the entries, and chunks that they share
//   dist/types    the declarations that the entries reach
//   LICENSE
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { rolldown, type Plugin } from "rolldown";
import { writeDeclarations } from "./declarations.ts";
import { minifyWgsl } from "./minify-wgsl.ts";
import { shaderRegistry, writeShaders } from "./shader-modules.ts";

const HERE = import.meta.dirname;
const PROJECT = join(HERE, "../..");
const COMPILED = join(HERE, "dist/compiled");
const ENTRIES = ["browser", "data", "data-bytes", "gan", "index", "metrics", "node", "shaders"];
/** Modules that the main entry exports as namespaces, and the files that they become. */
const NAMESPACES: Readonly<Record<string, string>> = {
  "./metrics/metrics.js": "./metrics.js",
  "./nn/initialisers.js": "./initialisers.js",
  "./nn/layers.js": "./layers.js",
};

/** Removes what an earlier build left and builds anew. Throws what TypeScript says when it fails. */
async function build(): Promise<void> {
  for (const made of ["dist", "LICENSE"]) {
    rmSync(join(HERE, made), { recursive: true, force: true });
  }
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const tsc = join(dirname(manifest), "bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", HERE, "--outDir", COMPILED], { stdio: "inherit" });
  const shaders = minifiedShaders();
  writeShaders(shaders, COMPILED);
  await writeModules(Object.keys(shaders));
  writeDeclarations(COMPILED, join(HERE, "dist/types"), ENTRIES);
  rmSync(COMPILED, { recursive: true });
  cpSync(join(PROJECT, "LICENSE"), join(HERE, "LICENSE"));
}

/** Shaders that nothing in the package launches: they measure what an adapter can do. */
const LEFT_OUT = ["ceilings.wgsl"];

/** The texts of all other shaders by their paths below shaders/. */
function minifiedShaders(): Record<string, string> {
  const folder = join(PROJECT, "shaders");
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".wgsl"))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !LEFT_OUT.includes(path))
    .toSorted();
  return Object.fromEntries(
    paths.map((path) => [path, minifyWgsl(readFileSync(join(folder, path), "utf8"))]),
  );
}

// In a few files rather than in one a module: of 300 files' headers npm's archive would be a tenth larger.
async function writeModules(paths: readonly string[]): Promise<void> {
  const bundle = await rolldown({
    input: [...ENTRIES, "nn/initialisers", "nn/layers"].map((entry) =>
      join(COMPILED, `${entry}.js`),
    ),
    external: [/^node:/, "webgpu"],
    treeshake: { moduleSideEffects: false },
    plugins: [shaderRegistry(paths), pureConstants(), namespaces(), unindented()],
  });
  await bundle.write({
    dir: join(HERE, "dist/js"),
    format: "esm",
    chunkFileNames: "[name].js",
    comments: { legal: false, annotation: true, jsdoc: false },
    // Shorter names inside functions alone: what errors show stays as it is, and so do lines, as Node prints the whole
    // line that throws.
    minify: {
      compress: false,
      mangle: { toplevel: false, keepNames: { function: true, class: true } },
      codegen: { removeWhitespace: false },
    },
  });
  await bundle.close();
}

/**
 * Leaves `export * as layers from` in the main entry as it is. Inside a chunk a namespace becomes an object that holds on
 * to all its parts, and no bundler can take out the layers that nobody uses.
 */
function namespaces(): Plugin {
  return {
    name: "longhand:namespaces",
    resolveId(source, importer) {
      if (importer !== join(COMPILED, "index.js")) return undefined;
      const id = NAMESPACES[source];
      return id === undefined ? undefined : { id, external: true };
    },
  };
}

const CALLED = /^((?:export )?const \w+ = )(?=(?:new )?[A-Za-z][\w.]*\()/gm;

/**
 * Tells bundlers that a constant which nobody uses may go, though a call makes it, as calls make all ops: no module of
 * the engine does anything but define. It takes 9 KB off a gzipped page.
 */
function pureConstants(): Plugin {
  return {
    name: "longhand:pure-constants",
    transform: (code) => code.replaceAll(CALLED, "$1/* @__PURE__ */ "),
  };
}

/** Takes indentation away, which no string of the engine goes across. */
function unindented(): Plugin {
  return {
    name: "longhand:unindented",
    generateBundle(_options, bundle) {
      for (const part of Object.values(bundle)) {
        if (part.type === "chunk") part.code = part.code.replaceAll(/^\t+/gm, "");
      }
    },
  };
}

await build();
