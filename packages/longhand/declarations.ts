// The declarations of the package: the part of tsc's output that an entry reaches, without types of other packages.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";

/** A declaration, an import or an export, with the comment above it. */
interface Statement {
  readonly comment: string;
  readonly text: string;
  /** The name that it declares; undefined for imports, and for exports of other files' names. */
  readonly name: string | undefined;
}

/** A name that a file takes from another one; `*` for all of that file's names. */
interface Link {
  readonly local: string;
  readonly file: string;
  readonly name: string;
}

interface File {
  readonly statements: readonly Statement[];
  readonly imports: readonly Link[];
  readonly exports: readonly Link[];
}

/**
 * Copies the declarations of `entries`, and what they reach, from one folder to another. Paths have no file endings.
 */
export function writeDeclarations(from: string, to: string, entries: readonly string[]): void {
  const files = new Map<string, File>();
  const fileAt = (path: string): File => {
    const file = files.get(path) ?? parse(path, readFileSync(join(from, `${path}.d.ts`), "utf8"));
    files.set(path, file);
    return file;
  };
  const needed = reach(fileAt, entries, true);
  const handedOn = reach(fileAt, entries, false);
  const gpuNames = new Set<string>();
  for (const [path, names] of needed) {
    const named = handedOn.get(path) ?? new Set();
    const text = written(path, fileAt(path), { names, named, needed, gpuNames });
    write(join(to, `${path}.d.ts`), text);
  }
  write(join(to, `${GPU_TYPES}.d.ts`), gpuTypes([...gpuNames].toSorted()));
}

// ---------------------------------------------------------------------------------------------
// Reading: tsc begins each statement in the first column of a line; other lines are indented, or close a statement.

const HEAD = /^export (?:declare )?|^declare /;
const DECLARED = /^(?:abstract )?(?:const|function|class|interface|type|let) (\w+)/;
const LINKED =
  /^(import|export)\s+(?:type\s+)?(?:(\*)(?: as (\w+))?|\{([^}]*)\})\s+from\s+"([^"]+)\.ts";/;

function parse(path: string, text: string): File {
  const statements: Statement[] = [];
  let comment = "";
  for (const part of text.split(
    /^(?=\/\*\*|\/\/|import\b|export\b|declare\b|interface\b|type\b)/m,
  )) {
    if (part.startsWith("/")) comment += part;
    else {
      statements.push({ comment, text: part, name: DECLARED.exec(part.replace(HEAD, ""))?.[1] });
      comment = "";
    }
  }
  const linksOf = (word: string): Link[] =>
    statements.flatMap(({ text: each }) => {
      const [, kind, star, space, list, target = ""] = LINKED.exec(each) ?? [];
      if (kind !== word) return [];
      const file = posix.join(posix.dirname(path), target);
      if (star) return [{ local: space ?? "*", file, name: "*" }];
      return (list ?? "").split(",").flatMap((item) => {
        const [, name, local] = /^\s*(?:type\s+)?(\w+)(?:\s+as\s+(\w+))?\s*$/.exec(item) ?? [];
        return name === undefined ? [] : [{ local: local ?? name, file, name }];
      });
    });
  return { statements, imports: linksOf("import"), exports: linksOf("export") };
}

// ---------------------------------------------------------------------------------------------
// Reaching

const INLINE = /\bimport\("([^"]+)\.ts"\)\.(\w+)/g;

type Names = Map<string, Set<string>>;

/** Returns which names of which files the entries export, and with `used` also the names that those are made of. */
function reach(fileAt: (path: string) => File, entries: readonly string[], used: boolean): Names {
  const needed: Names = new Map();
  const open: [string, string][] = entries.map((entry) => [entry, "*"]);
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, name] = next;
    const names = needed.get(path) ?? new Set();
    if (names.has(name)) continue;
    needed.set(path, names.add(name));
    const file = fileAt(path);
    for (const { local, file: target, name: theirs } of file.exports) {
      if (local === "*") open.push([target, name]);
      else if (local === name || name === "*") open.push([target, theirs]);
    }
    for (const statement of file.statements) {
      if (statement.name === undefined) continue;
      if (name === "*" && statement.text.startsWith("export")) open.push([path, statement.name]);
      if (statement.name !== name || !used) continue;
      for (const { local, file: target, name: theirs } of file.imports) {
        if (theirs !== "*" && words(statement).has(local)) open.push([target, theirs]);
        if (theirs !== "*") continue;
        for (const [, member] of statement.text.matchAll(new RegExp(`\\b${local}\\.(\\w+)`, "g"))) {
          open.push([target, member!]);
        }
      }
      for (const [, target, member] of statement.text.matchAll(INLINE)) {
        open.push([posix.join(posix.dirname(path), target!), member!]);
      }
      for (const { name: other } of file.statements) {
        if (other !== undefined && words(statement).has(other)) open.push([path, other]);
      }
    }
  }
  return needed;
}

const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const COMMENT_LINES = /^[ \t]*(?:\/\*\*[\s\S]*?\*\/|\/\/.*)\n/gm;
const words = ({ text }: Statement): Set<string> =>
  new Set(text.replaceAll(COMMENTS, "").match(/\w+/g));

// ---------------------------------------------------------------------------------------------
// Writing

const GPU_TYPES = "gpu/webgpu-types";
const GPU_NAME = /\bGPU[A-Z]\w+/g;

interface Wanted {
  /** The file's names that are needed, and those that an entry exports. */
  readonly names: ReadonlySet<string>;
  readonly named: ReadonlySet<string>;
  /** The needed names of all files. */
  readonly needed: Names;
  /** Collects WebGPU's names. */
  readonly gpuNames: Set<string>;
}

/**
 * Returns a file's declarations of some names, with the imports and exports that they need. Declarations that users
 * can't name have no comments: they are there for the types of those that users can.
 */
function written(
  path: string,
  { statements, imports, exports }: File,
  { names, named, needed, gpuNames }: Wanted,
): string {
  const kept = statements.filter(({ name }) => name !== undefined && names.has(name));
  const used = new Set(kept.flatMap((statement) => [...words(statement)]));
  const own = [...used].filter((word) => word.match(GPU_NAME)).toSorted();
  own.forEach((name) => gpuNames.add(name));
  const lines = imports
    .filter(({ local }) => used.has(local))
    .map((link) => linkLine("import type", path, link));
  if (own.length > 0) {
    lines.push(`import type { ${own.join(", ")} } from "${pathTo(path, GPU_TYPES)}";`);
  }
  for (const link of exports) {
    const wanted =
      link.local === "*" ? needed.has(link.file) : names.has(link.local) || names.has("*");
    if (wanted) lines.push(linkLine("export", path, link));
  }
  const bodies = kept.map(({ comment, text, name }) => {
    const whole = named.has(name!) ? comment + text : text.replaceAll(COMMENT_LINES, "");
    return whole.replaceAll(/\.ts"\)/g, '.js")');
  });
  return `${merged(lines)}${bodies.map(shortened).join("")}export {};\n`;
}

/** Returns lines of imports and exports, with one line for all names of a file. */
function merged(lines: readonly string[]): string {
  const names = new Map<string, string[]>();
  for (const line of lines) {
    const [, word, name, from] = /^([\w ]+) \{ (.+) \} (from .*)$/.exec(line) ?? [];
    const frame = word === undefined ? line : `${word} { } ${from}`;
    names.set(frame, [...(names.get(frame) ?? []), ...(name === undefined ? [] : [name])]);
  }
  return [...names]
    .map(([frame, all]) => `${frame.replace("{ }", `{ ${all.join(", ")} }`)}\n`)
    .join("");
}

const PART = /(?:Shapes|Attributes|Options|Gradient|Returns|Throws|Source):/.source;
const WRAPPED = new RegExp(`(?<=[^*\\s])\\n *\\* (?!@|${PART})(?=\\S)`, "g");

/** Returns a declaration with one space per level, and with each part of a comment on one line. */
function shortened(text: string): string {
  return text
    .replaceAll(/^(?: {4})+/gm, (indent) => " ".repeat(indent.length / 4))
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(WRAPPED, " "));
}

function linkLine(word: string, path: string, { local, file, name }: Link): string {
  const all = local === "*" ? "*" : `* as ${local}`;
  const some = local === name ? `{ ${name} }` : `{ ${name} as ${local} }`;
  return `${word} ${name === "*" ? all : some} from "${pathTo(path, file)}";`;
}

function pathTo(from: string, to: string): string {
  const path = `${posix.relative(posix.dirname(from), to)}.js`;
  return path.startsWith(".") ? path : `./${path}`;
}

function write(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

/** Types that have no class of their own to be found by, and their definitions. */
const OTHERWISE: Readonly<Record<string, string>> = {
  GPUComputePipelineDescriptor: 'Parameters<GPUDevice["createComputePipeline"]>[0]',
  GPUFeatureName: "string",
};

/**
 * Returns declarations that take WebGPU's types as a project has them: from lib "dom" of TypeScript 6 or newer, or from
 * `@webgpu/types`. One program can't have both. A project for Node may have neither; then they are `any`.
 */
function gpuTypes(names: readonly string[]): string {
  const declared = names.map((name) => {
    const found = `typeof globalThis extends { ${name}: { prototype: infer T } } ? T : any`;
    return `export type ${name} = ${OTHERWISE[name] ?? found};`;
  });
  return `// WebGPU's types as the project has them, from lib "dom" or @webgpu/types; any if it has neither.\n${declared.join("\n")}\n`;
}
