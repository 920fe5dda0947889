// The declarations of the package, so that they need no types but TypeScript's own: of those that tsc wrote, the ones
// that an entry reaches.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";

const GPU_TYPES = "gpu/webgpu-types";
const GPU_NAME = /\bGPU[A-Z]\w+/g;
const COMMENTS = /^[ \t]*(?:\/\*\*[\s\S]*?\*\/|\/\/.*)\n/gm;
/** A path in an import, or an export, of another declaration. */
const IMPORTED = /(\bfrom\s+|\bimport\()"(\.[^"]+)\.ts"/g;
const EXPORTED = /^export\b[^;]*?\bfrom\s+"(\.[^"]+)\.ts"/gm;

/** Writes the declarations of `entries`, and all that they reach, from one folder to another. */
export function writeDeclarations(from: string, to: string, entries: readonly string[]): void {
  const texts = new Map<string, string>();
  const read = (file: string): string => readFileSync(join(from, `${file}.d.ts`), "utf8");
  for (const file of reachedFrom(entries, (each) => pathsIn(each, read(each), IMPORTED, 2))) {
    texts.set(file, read(file));
  }
  // What no entry hands on itself is there for its types alone.
  const handedOn = reachedFrom(entries, (each) => pathsIn(each, texts.get(each)!, EXPORTED, 1));
  const names = new Set<string>();
  for (const [file, text] of texts) {
    const bare = text.replaceAll(COMMENTS, "");
    const own = [...new Set(bare.match(GPU_NAME))].toSorted();
    own.forEach((name) => names.add(name));
    const imported =
      own.length > 0
        ? `import type { ${own.join(", ")} } from "${pathTo(file, GPU_TYPES)}";\n`
        : "";
    const whole = imported + (handedOn.has(file) ? text : bare);
    write(join(to, `${file}.d.ts`), whole.replaceAll(IMPORTED, '$1"$2.js"'));
  }
  write(join(to, `${GPU_TYPES}.d.ts`), gpuTypes([...names].toSorted()));
}

/** Files, by paths without endings, that `first` lead to. */
function reachedFrom(first: readonly string[], next: (file: string) => string[]): Set<string> {
  const reached = new Set<string>();
  const open = [...first];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    open.push(...next(file));
  }
  return reached;
}

function pathsIn(file: string, text: string, pattern: RegExp, group: number): string[] {
  return [...text.matchAll(pattern)].map((match) => posix.join(posix.dirname(file), match[group]!));
}

function pathTo(file: string, target: string): string {
  const path = `${posix.relative(posix.dirname(file), target)}.js`;
  return path.startsWith(".") ? path : `./${path}`;
}

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

/** Of types that have no class of their own to be found by: what they are. */
const OTHERWISE: Readonly<Record<string, string>> = {
  GPUComputePipelineDescriptor: 'Parameters<GPUDevice["createComputePipeline"]>[0]',
  GPUFeatureName: "string",
};

/**
 * WebGPU's types as a project has them: from lib "dom" of TypeScript 6 or newer, or from `@webgpu/types`, which can't
 * both stand in one program. A project for Node may have neither; there they are `any`.
 */
function gpuTypes(names: readonly string[]): string {
  const declared = names.map((name) => {
    const found = `typeof globalThis extends { ${name}: { prototype: infer T } } ? T : any`;
    return `export type ${name} = ${OTHERWISE[name] ?? found};`;
  });
  return `// WebGPU's types as the project has them, from lib "dom" or @webgpu/types; any where it has neither.\n${declared.join("\n")}\n`;
}
