// WGSL text to specialised module text: libraries appended, constants and types by name, bindings read off.
import { DTypeError } from "./errors.ts";

/** A value baked into a shader, of the default's type; a string names another constant of the file. */
export type Constant = number | boolean | string | readonly number[];

/** What `@group(0) @binding(n) var<storage, …> name` says. */
export interface BindingDeclaration {
  readonly name: string;
  readonly binding: number;
  readonly access: "read" | "read_write";
  /** False where the shader only ever assigns to it. */
  readonly read: boolean;
}

const BINDING =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>\s*([A-Za-z_]\w*)/g;

/** A number's bits as an f32: how infinities and NaN reach a shader, which takes none as constants. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

/** The storage bindings that a shader declares: WGSL is the one place where they are written down. */
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

/** The libraries that a file names itself: its `// appended: lib/x.wgsl` lines. */
export function namedLibraries(wgsl: string): readonly string[] {
  return [...wgsl.matchAll(/^\/\/ appended: (\S+)$/gm)].map((match) => match[1]!);
}

/** All libraries of a shader, each once: those that it names, each followed by those that it names in turn. */
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
 * A shader's text, followed by its libraries'. Throws if one of them uses a constant such as `INP_AT` while none
 * declares the array `inp`.
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

/** The constant that says where an array starts in its binding. */
const startOf = (name: string): string => `${name.toUpperCase()}_AT`;

/** What a launch makes of a shader's text. */
export interface Specialisation {
  readonly constants: Readonly<Record<string, Constant>>;
  /** Where arrays start in their bindings, by name, in 32-bit words (f16: 16-bit); the others start at 0. */
  readonly starts?: Readonly<Record<string, number>>;
  /** The bindings that hold f16. */
  readonly f16Bindings?: readonly string[];
}

/**
 * Replaces the value of each `const NAME = default;` line by the given constant, and the type of the line
 * `alias Inp = …;` by its like of 16 bits for each binding `inp` among `f16Bindings`. Adds a line
 * `const INP_AT = …;` for each storage binding `inp`: where the array starts in it.
 *
 * One mechanism serves loop bounds, tiles and attributes alike: WGSL's `override` can't size a
 * function array, and every file has working defaults. Throws if a name has no such line, or a float is not
 * finite (such attributes travel as `u32` bits); `DTypeError` if a binding has no alias, and so is f32 alone.
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
    if (!line.test(text)) throw new DTypeError(`${file}: ${name} must be of 32 bits; got f16`);
    text = text.replace(line, (_, alias: string, type: string) => {
      return `alias ${alias} = ${type === "f32" ? "f16" : "vec4h"};`;
    });
  }
  const ends = bindingsOf(text).map(
    ({ name }) => `const ${startOf(name)} = ${starts[name] ?? 0}u;\n`,
  );
  const whole = `${text}\n${ends.join("")}`;
  return f16Bindings.length > 0 ? `enable f16;\n${whole}` : whole;
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
