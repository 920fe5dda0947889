// Runs ONNX files in onnxruntime, which is installed into the cache folder when it is first asked for.
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolders } from "../../src/gpu/node/adapter.ts";

const PACKAGE = join(import.meta.dirname, "../onnxruntime");
const NAME = "onnxruntime-node";

/** A tensor of onnxruntime. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint8Array;
}

/** A model in onnxruntime. */
export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly run: (feeds: Readonly<Record<string, OrtTensor>>) => Promise<Record<string, OrtTensor>>;
}

/** What is used of onnxruntime. */
export interface Ort {
  readonly InferenceSession: { readonly create: (bytes: Uint8Array) => Promise<OrtSession> };
  readonly Tensor: new (
    type: string,
    data: OrtTensor["data"],
    dims: readonly number[],
  ) => OrtTensor;
}

/** Returns onnxruntime in the version that test/onnxruntime pins. Installing it takes 290 MB and some seconds. */
export async function onnxRuntime(): Promise<Ort> {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(PACKAGE, "package.json"), "utf8"),
  );
  const folder = cacheFolders(`test/${NAME}-${manifest.dependencies[NAME]}`)[0]!;
  const require = createRequire(join(folder, "package.json"));
  if (!existsSync(join(folder, "node_modules", NAME, "package.json"))) {
    mkdirSync(folder, { recursive: true });
    for (const name of ["package.json", "package-lock.json"]) {
      copyFileSync(join(PACKAGE, name), join(folder, name));
    }
    // Its install script would fetch libraries for NVIDIA's GPUs; those for CPUs are in the package.
    await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: folder,
    });
  }
  return require(NAME) as Ort;
}
