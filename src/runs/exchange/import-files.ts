// Files of networks from elsewhere, or exported from here: what each holds, and whether it fits a recipe.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { readError, readFileBytes } from "../../checkpoint/files.ts";
import { decodeSafetensors, type SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { parseKeras } from "../../formats/keras/read-keras.ts";
import type { WeightsFile } from "../../formats/keras/read-layers.ts";
import { parseTfjs } from "../../formats/tfjs/read-tfjs.ts";
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
} & Parsed;

/** A file by the formats that are parsed alike. */
type Parsed =
  | { readonly format: "onnx"; readonly file: OnnxFile }
  | { readonly format: "keras"; readonly file: WeightsFile }
  | { readonly format: "torch"; readonly file: SafetensorsFile };

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

const FORMATS = ".onnx, .safetensors, .pt, .keras, .weights.h5 or .json";

/**
 * Parses files, or all of these formats in a folder. Throws `UsageError` on a path that isn't there or that holds none,
 * and `CheckpointError` on files that are damaged or whose contents can't be told.
 */
export async function parseImports(paths: readonly string[]): Promise<readonly ImportFile[]> {
  const files: ImportFile[] = [];
  for (const path of paths.flatMap(filesAt)) {
    files.push(await parseBytes(readFileBytes(path), path));
  }
  for (const [i, { role, path }] of files.entries()) {
    const first = files.findIndex((other) => other.role === role);
    if (first === i) continue;
    throw new UsageError(
      `import: ${printable(files[first]!.path)} and ${printable(path)} both hold a ${role.replaceAll("-", " ")}; name one of them`,
    );
  }
  return files;
}

const isFormat = (path: string): boolean =>
  /\.(?:onnx|safetensors|pt|keras|weights\.h5|json)$/.test(path);
/** In a folder, other JSON files than these are something else: a run's record, say. */
const IN_FOLDER = /^(?:.*(?<!\.json)|(?:generator|discriminator|model)(?:_average)?\.json)$/;

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
    names = readdirSync(path).filter((name) => isFormat(name) && IN_FOLDER.test(name));
  } catch (error) {
    throw readError(path, error);
  }
  if (names.length === 0) {
    throw new UsageError(`import: ${printable(path)} has no file that ends in ${FORMATS}`);
  }
  // An export for Keras has the same weights alone, too.
  const inZip = (name: string): string => name.replace(/\.weights\.h5$/, ".keras");
  return names
    .filter((name) => inZip(name) === name || !names.includes(inZip(name)))
    .toSorted()
    .map((name) => join(path, name));
}

/**
 * Parses the bytes of a file; its name says the format. `beside` returns the bytes of a file next to it. Throws
 * `CheckpointError`.
 */
export async function parseBytes(
  bytes: Uint8Array,
  path: string,
  beside: (name: string) => Uint8Array = (name) => readFileBytes(join(dirname(path), name)),
): Promise<ImportFile> {
  const parsed = await parsedBy(bytes, path, beside);
  const { format, file } = parsed;
  const metadata = format === "onnx" ? Object.fromEntries(file.metadata) : file.metadata;
  const inside = format === "onnx" ? file.graph.name : format === "keras" ? file.model?.name : "";
  const role = roleOf(path, metadata, inside);
  if (format !== "torch" && !NETWORKS.includes(role)) {
    const ending = /(?:\.weights)?\.\w+$/.exec(path)![0];
    throw new CheckpointError(
      `${printable(path)}: holds a network, as ${KINDS[format]} do, but says that it holds ${role.replaceAll("-", " ")}; name it generator${ending} or discriminator${ending}`,
    );
  }
  return { path, role, about: schema.parse(metadata), ...parsed };
}

const KINDS = { onnx: "ONNX files", keras: "files of this kind" } as const;

async function parsedBy(
  bytes: Uint8Array,
  path: string,
  beside: (name: string) => Uint8Array,
): Promise<Parsed> {
  if (path.endsWith(".onnx")) return { format: "onnx", file: parseOnnx(bytes, path) };
  if (path.endsWith(".json")) return { format: "keras", file: parseTfjs(bytes, path, beside) };
  if (/\.(?:keras|h5)$/.test(path)) return { format: "keras", file: await parseKeras(bytes, path) };
  const parse = path.endsWith(".pt") ? parsePt : decodeSafetensors;
  return { format: "torch", file: parse(bytes, path) };
}

/** Returns what a file holds: by its metadata, which exports from here have, or else by its name. */
function roleOf(
  path: string,
  metadata: Readonly<Record<string, string>>,
  inside: string = "",
): Role {
  const own = basename(path)
    .replace(/(?:\.weights)?\.\w+$/, "")
    .replaceAll("_", "-");
  const { network = "", adam } = metadata;
  const role = [adam === undefined ? network : `${network}-adam`, own, inside]
    .map((name) => ROLES.find((each) => each === name))
    .find((each) => each !== undefined);
  if (role !== undefined) return role;
  throw new CheckpointError(
    `${printable(path)}: says nothing of what it holds; name it ${ROLES.slice(0, 5)
      .map((name) => quote(name))
      .join(", ")}, with its ending`,
  );
}
