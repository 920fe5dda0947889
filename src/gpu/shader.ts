// Turns WGSL files into module texts: appends libraries, sets constants and types by name, and reads off bindings.
import { withoutDeadBranches } from "./dead-branches.ts";
import { DTypeError } from "./errors.ts";

/** A constant's value in a shader, of the default's type. A string names another constant of the file. */
export type Constant = number | boolean | string | readonly number[];

/** A declaration `@group(0) @binding(n) var<storage, …> name`. */
export interface BindingDeclaration {
  readonly name: string;
  readonly binding: number;
  readonly access: "read" | "read_write";
  /** False if the shader only assigns to it. */
  readonly read: boolean;
}

const BINDING =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>\s*([A-Za-z_]\w*)/g;

/** Returns a number's bits as an f32. Infinities and NaN reach shaders this way, because WGSL has no such constants. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

/** Returns the storage bindings that a shader declares. The WGSL text is the only place that states them. */
export function bindingsOf(wgsl: string): readonly BindingDeclaration[] {
  return [...wgsl.matchAll(BINDING)].map(([, binding, access, name]) => ({
    name: name!,
    binding: Number(binding),
    access: access === "read_write" ? "read_write" : "read",
    read: access === "read" || isRead(wgsl, name!),
  }));
}

/** Whether some use of an array is more than `array[…] = …`. */
function isRead(wgsl: string, name: string): boolean {
  return [...wgsl.matchAll(new RegExp(`\\b${name}\\[`, "g"))].some((use) => {
    let end = use.index + use[0].length;
    for (let depth = 1; depth > 0 && end < wgsl.length; end += 1) {
      depth += Number(wgsl[end] === "[") - Number(wgsl[end] === "]");
    }
    return !/^\s*=[^=]/.test(wgsl.slice(end, end + 80));
  });
}

/** Returns the libraries that a file itself names, in its `// appended: lib/x.wgsl` lines. */
export function namedLibraries(wgsl: string): readonly string[] {
  return [...wgsl.matchAll(/^\/\/ appended: (\S+)$/gm)].map((match) => match[1]!);
}

/** Returns all libraries of a shader, each once: those that it names, each followed by the libraries that it names. */
export function librariesOf(path: string, read: (path: string) => string): readonly string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    for (const library of namedLibraries(read(file))) {
      if (found.has(library)) continue;
      found.add(library);
      visit(library);
    }
  };
  visit(path);
  return [...found];
}

/**
 * Returns a shader's text, followed by its libraries' texts. Throws if one of them uses a constant such as `INP_AT` but
 * none declares the array `inp`.
 */
export function joinedText(path: string, read: (path: string) => string): string {
  const files = [path, ...librariesOf(path, read)];
  const text = files.map(read).join("\n");
  const known = new Set(bindingsOf(text).map(({ name }) => startOf(name)));
  for (const file of files) {
    const used =
      read(file)
        .replaceAll(/\/\/.*/g, "")
        .match(/\b[A-Z]\w*_AT\b/g) ?? [];
    const stray = used.find((name) => !known.has(name));
    if (stray !== undefined)
      throw new Error(`${file}: ${stray} is the start of no storage binding`);
  }
  return text;
}

/** Returns the name of the constant that says where an array starts in its binding. */
const startOf = (name: string): string => `${name.toUpperCase()}_AT`;

/** What a launch sets in a shader's text. */
export interface Specialisation {
  readonly constants: Readonly<Record<string, Constant>>;
  /** Where arrays start in their bindings, by name, in 32-bit words (f16: 16-bit). Others start at 0. */
  readonly starts?: Readonly<Record<string, number>>;
  /** The bindings that hold f16. */
  readonly f16Bindings?: readonly string[];
}

/**
 * Replaces the value of each `const NAME = default;` line by the given constant. For each binding `inp` among
 * `f16Bindings`, replaces the type in the line `alias Inp = …;` by its 16-bit counterpart. For each storage binding
 * `inp`, adds a line `const INP_AT = …;`, which says where the array starts in the binding. Then removes the branches
 * that the constants rule out.
 *
 * Loop bounds, tiles and attributes all use this mechanism, because WGSL's `override` can't size a function's array;
 * and every file works with its defaults. Throws if a name has no such line, or if a float isn't finite (such
 * attributes are passed as `u32` bits). Throws `DTypeError` if an f16 binding has no alias, which means that it must be
 * f32.
 */
export function specialise(
  wgsl: string,
  { constants, starts = {}, f16Bindings = [] }: Specialisation,
  file: string,
): string {
  let text = wgsl;
  for (const [name, value] of Object.entries(constants)) {
    const line = new RegExp(`^const ${name} = ([^;]+);`, "m");
    const found = line.exec(text);
    if (!found) throw new Error(`${file}: no line "const ${name} = …;" to specialise`);
    text = text.replace(line, () => `const ${name} = ${literal(value, found[1]!, file, name)};`);
  }
  for (const name of f16Bindings) {
    const line = new RegExp(
      `^alias (${name[0]!.toUpperCase()}${name.slice(1)}) = (f32|vec4f);`,
      "m",
    );
    if (!line.test(text)) throw new DTypeError(`${file}: ${name} must have a 32-bit type; got f16`);
    text = text.replace(line, (_, alias: string, type: string) => {
      return `alias ${alias} = ${type === "f32" ? "f16" : "vec4h"};`;
    });
  }
  const ends = bindingsOf(text).map(
    ({ name }) => `const ${startOf(name)} = ${starts[name] ?? 0}u;\n`,
  );
  const whole = `${text}\n${ends.join("")}`;
  return withoutDeadBranches(f16Bindings.length > 0 ? `enable f16;\n${whole}` : whole);
}

function literal(value: Constant, model: string, file: string, name: string): string {
  if (typeof value === "boolean" || typeof value === "string") return String(value);
  if (typeof value !== "number") {
    const element = /^array<\w+, \d+>\((.+)\)$/.exec(model)?.[1]?.split(",")[0];
    const type = /^array<(\w+), (\d+)>/.exec(model);
    if (!element || !type || Number(type[2]) !== value.length) {
      throw new Error(`${file}: ${name} = ${model} can't take [${value.join(", ")}]`);
    }
    const items = value.map((item) => literal(item, element, file, name));
    return `array<${type[1]}, ${value.length}>(${items.join(", ")})`;
  }
  if (model.endsWith("u")) return `${value >>> 0}u`;
  if (model.endsWith("i")) return `${value | 0}i`;
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new Error(`${file}: ${name} = ${value} is not finite`);
  const digits = String(rounded);
  return `${/[.e]/.test(digits) ? digits : `${digits}.0`}f`;
}
