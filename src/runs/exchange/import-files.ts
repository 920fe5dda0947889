// Files of networks from elsewhere, or exported from here: what each holds, and whether it fits a recipe.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { readError, readFileBytes } from "../../checkpoint/files.ts";
import { decodeSafetensors, type SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { parseOnnx, type OnnxFile } from "../../formats/onnx/read-onnx.ts";
import { parsePt } from "../../formats/torch/read-pt.ts";
import { CheckpointError, UsageError } from "../../gpu/errors.ts";
import { printable, quote } from "../../gpu/foreign-text.ts";

/** What a file may hold. */
const ROLES = [
  "generator",
  "generator-average",
  "discriminator",
  "generator-adam",
  "discriminator-adam",
  "clusters",
  "clusters-of-images",
] as const;

/** Those of them that are networks. */
const NETWORKS: readonly string[] = ROLES.slice(0, 3);

/** What a file holds. */
export type Role = (typeof ROLES)[number];

/** A file that was parsed, not yet held to a recipe. */
export type ImportFile = {
  readonly path: string;
  readonly role: Role;
  readonly about: AboutFile;
} & (
  | { readonly format: "onnx"; readonly file: OnnxFile }
  | { readonly format: "torch"; readonly file: SafetensorsFile }
);

/** What a file says about its run, as far as it does. */
export interface AboutFile {
  readonly recipe?: string | undefined;
  readonly constants?: unknown;
  readonly step?: number | undefined;
  readonly seed?: number | undefined;
  readonly batch?: number | undefined;
}

const MOST_JSON = 2 ** 16;
const whole = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .optional();
const json = z
  .string()
  .max(MOST_JSON)
  .transform((text): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined; // then they are the recipe's
    }
  });
const schema = z.object({
  recipe: z.string().optional().catch(undefined),
  constants: json.optional().catch(undefined),
  step: whole.catch(undefined),
  seed: whole.catch(undefined),
  batch: whole.catch(undefined),
});

const FORMATS = ".onnx, .safetensors or .pt";

/**
 * Parses files, or all of these formats in a folder. Throws `UsageError` on a path that isn't there or that holds none,
 * and `CheckpointError` on files that are damaged or whose contents can't be told.
 */
export function parseImports(paths: readonly string[]): readonly ImportFile[] {
  const files = paths.flatMap(filesAt).map(parseImport);
  for (const [i, { role, path }] of files.entries()) {
    const first = files.findIndex((other) => other.role === role);
    if (first === i) continue;
    throw new UsageError(
      `import: ${printable(files[first]!.path)} and ${printable(path)} both hold a ${role.replaceAll("-", " ")}; name one of them`,
    );
  }
  return files;
}

const isFormat = (path: string): boolean => /\.(?:onnx|safetensors|pt)$/.test(path);

function filesAt(path: string): readonly string[] {
  if (!existsSync(path)) {
    throw new UsageError(`import: ${printable(path)} does not exist; name a file or a folder`);
  }
  if (!statSync(path).isDirectory()) {
    if (isFormat(path)) return [path];
    throw new UsageError(`import: ${printable(path)} must end in ${FORMATS}`);
  }
  let names;
  try {
    names = readdirSync(path).filter(isFormat).toSorted();
  } catch (error) {
    throw readError(path, error);
  }
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new UsageError(`import: ${printable(path)} has no file that ends in ${FORMATS}`);
}

function parseImport(path: string): ImportFile {
  return parseBytes(readFileBytes(path), path);
}

/** Parses the bytes of a file; its name says the format. Throws `CheckpointError`. */
export function parseBytes(bytes: Uint8Array, path: string): ImportFile {
  if (path.endsWith(".onnx")) {
    const file = parseOnnx(bytes, path);
    const metadata = Object.fromEntries(file.metadata);
    const role = roleOf(path, metadata, file.graph.name);
    if (!NETWORKS.includes(role)) {
      throw new CheckpointError(
        `${printable(path)}: is an ONNX file, which holds a network, but says that it holds ${role.replaceAll("-", " ")}; name it generator.onnx or discriminator.onnx`,
      );
    }
    return { path, format: "onnx", file, role, about: schema.parse(metadata) };
  }
  const file = path.endsWith(".pt") ? parsePt(bytes, path) : decodeSafetensors(bytes, path);
  const { metadata } = file;
  return {
    path,
    format: "torch",
    file,
    role: roleOf(path, metadata),
    about: schema.parse(metadata),
  };
}

/** Returns what a file holds: by its metadata, which exports from here have, or else by its name. */
function roleOf(
  path: string,
  metadata: Readonly<Record<string, string>>,
  graph: string = "",
): Role {
  const own = basename(path)
    .replace(/\.\w+$/, "")
    .replaceAll("_", "-");
  const { network = "", adam } = metadata;
  const role = [adam === undefined ? network : `${network}-adam`, own, graph]
    .map((name) => ROLES.find((each) => each === name))
    .find((each) => each !== undefined);
  if (role !== undefined) return role;
  throw new CheckpointError(
    `${printable(path)}: says nothing of what it holds; name it ${ROLES.slice(0, 5)
      .map((name) => quote(name))
      .join(", ")}, with its ending`,
  );
}
