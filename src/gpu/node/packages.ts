// The npm packages that bring Dawn and SwiftShader: their versions, and what the latter carries.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { tarFiles, type TarFile } from "../tar.ts";

const require = createRequire(import.meta.url);

/** Versions of what an adapter runs on, for `doctor` and run records; undefined where there is none. */
export function versions(): Readonly<Record<"webgpu" | "chromium" | "glibc", string | undefined>> {
  const report: { header?: { glibcVersionRuntime?: string } } =
    process.platform === "linux" ? process.report.getReport() : {};
  return {
    webgpu: versionIn(packageFolder("webgpu", ".")),
    chromium: versionIn(chromiumFolder()),
    glibc: report.header?.glibcVersionRuntime,
  };
}

/** The version that a package's folder says it is of. */
export function versionIn(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  return manifest.version;
}

/** Where `@sparticuz/chromium` is installed, if it is. */
export function chromiumFolder(): string | undefined {
  return packageFolder("@sparticuz/chromium", "../.."); // its main file is build/cjs/index.cjs
}

// Neither package exports its package.json, so the way there is from its main file.
function packageFolder(name: string, fromMain: string): string | undefined {
  try {
    return join(dirname(require.resolve(name)), fromMain);
  } catch {
    return undefined;
  }
}

/** The files of an archive of `@sparticuz/chromium`, such as `swiftshader.tar.br`, by their base names. */
export function embeddedFiles(archive: string): Iterable<TarFile> {
  return tarFiles(embeddedBytes(archive));
}

/** The bytes of a brotli file of `@sparticuz/chromium`, such as `chromium.br`, unpacked. Throws if it is damaged. */
export function embeddedBytes(file: string): Uint8Array {
  const path = join(chromiumFolder() ?? "", "bin", file);
  const packed = readFileSync(path);
  try {
    return brotliDecompressSync(packed);
  } catch (cause) {
    throw new Error(
      `${path} is damaged: remove @sparticuz/chromium from node_modules, and install it anew`,
      { cause },
    );
  }
}
