// Builds the engine's package from the project's src/ and shaders/; `npm pack` runs it first.
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
import { shaderMinifier } from "../../src/gpu/minify-wgsl.ts";
import { shaderRegistry, writeShaders } from "./shader-modules.ts";

const HERE = import.meta.dirname;
const PROJECT = join(HERE, "../..");
const COMPILED = join(HERE, "dist/compiled");
const ENTRIES = ["browser", "data", "data-bytes", "gan", "index", "metrics", "node", "shaders"];
/** The modules that the main entry exports as namespaces, and the files that they become. */
const NAMESPACES: Readonly<Record<string, string>> = {
  "./metrics/metrics.js": "./metrics.js",
  "./nn/initialisers.js": "./initialisers.js",
  "./nn/layers.js": "./layers.js",
};

/** Removes the results of an earlier build, and builds again. Throws what TypeScript says if it fails. */
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

/** Shaders that nothing in the package launches, because they only measure what an adapter can do. */
const LEFT_OUT = ["ceilings.wgsl", "ceilings-half.wgsl"];

/** Returns the texts of all other shaders by their paths below shaders/. */
function minifiedShaders(): Record<string, string> {
  const folder = join(PROJECT, "shaders");
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".wgsl"))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !LEFT_OUT.includes(path))
    .toSorted();
  const minified = shaderMinifier(paths, (path) => readFileSync(join(folder, path), "utf8"));
  return Object.fromEntries(paths.map((path) => [path, minified(path)]));
}

// Writes a few files rather than one per module: the headers of 300 files would make npm's archive a tenth larger.
async function writeModules(paths: readonly string[]): Promise<void> {
  const bundle = await rolldown({
    input: [...ENTRIES, "nn/initialisers", "nn/layers"].map((entry) =>
      join(COMPILED, `${entry}.js`),
    ),
    external: [/^node:/, "webgpu"],
    treeshake: { moduleSideEffects: false },
    plugins: [shaderRegistry(paths), pureConstants(), namespaces(), formatted()],
  });
  await bundle.write({
    dir: join(HERE, "dist/js"),
    format: "esm",
    chunkFileNames: "[name].js",
    comments: { legal: false, annotation: true, jsdoc: false },
    // Shortens names only inside functions, so that what errors show stays as it is.
    minify: {
      compress: true,
      mangle: { toplevel: false, keepNames: { function: true, class: true } },
      codegen: { removeWhitespace: true },
    },
  });
  await bundle.close();
}

/**
 * Leaves `export * as layers from` in the main entry as it is. Inside a chunk, a namespace becomes an object that keeps
 * all its parts, and no bundler can remove the layers that nobody uses.
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
 * Tells bundlers that they may remove an unused constant although a call makes it, as calls make all ops: the engine's
 * modules only define things. This takes 9 KB off a gzipped page.
 */
function pureConstants(): Plugin {
  return {
    name: "longhand:pure-constants",
    transform: (code) => code.replaceAll(CALLED, "$1/* @__PURE__ */ "),
  };
}

const STATEMENT = /;(?=(?:const|let|export|import|throw|async function|function|class)\b)/g;

/** What every bundler knows to do nothing else. */
const KNOWN_PURE = /\/\* @__PURE__ \*\/ (?=new (?:Weak)?(?:Map|Set)\b(?!\())/g;

/**
 * Puts declarations and what throws on lines of their own, as Node prints the whole line that throws, and leaves out what
 * needn't be said of empty maps and sets. The shaders' texts stay as they are.
 */
function formatted(): Plugin {
  return {
    name: "longhand:formatted",
    generateBundle(_options, bundle) {
      for (const [file, part] of Object.entries(bundle)) {
        if (part.type === "chunk" && !file.startsWith("shaders")) {
          part.code = part.code.replaceAll(STATEMENT, ";\n").replaceAll(KNOWN_PURE, "");
        }
      }
    },
  };
}

await build();
