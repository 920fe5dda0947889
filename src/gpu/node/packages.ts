// The npm packages that provide Dawn and SwiftShader: their versions, and the files of the latter.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { tarFiles, type TarFile } from "../tar.ts";

const require = createRequire(import.meta.url);

/** Returns the versions of what an adapter runs on, for `doctor` and run records; undefined for what is missing. */
export function versions(): Readonly<Record<"webgpu" | "chromium" | "glibc", string | undefined>> {
  const report: { header?: { glibcVersionRuntime?: string } } =
    process.platform === "linux" ? process.report.getReport() : {};
  return {
    webgpu: versionIn(packageFolder("webgpu", ".")),
    chromium: versionIn(chromiumFolder()),
    glibc: report.header?.glibcVersionRuntime,
  };
}

/** Returns the version in the package.json of a package's folder. */
export function versionIn(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  return manifest.version;
}

/** Returns the folder of `@sparticuz/chromium`, if it is installed. */
export function chromiumFolder(): string | undefined {
  return packageFolder("@sparticuz/chromium", "../.."); // its main file is build/cjs/index.cjs
}

// Neither package exports its package.json, so the folder is found from its main file.
function packageFolder(name: string, fromMain: string): string | undefined {
  try {
    return join(dirname(require.resolve(name)), fromMain);
  } catch {
    return undefined;
  }
}

/** Returns the files of an archive of `@sparticuz/chromium`, such as `swiftshader.tar.br`, with their base names. */
export function embeddedFiles(archive: string): Iterable<TarFile> {
  return tarFiles(embeddedBytes(archive));
}

/** Returns the unpacked bytes of a brotli file of `@sparticuz/chromium`, such as `chromium.br`. Throws if it is damaged. */
export function embeddedBytes(file: string): Uint8Array {
  const path = join(chromiumFolder() ?? "", "bin", file);
  const packed = readFileSync(path);
  try {
    return brotliDecompressSync(packed);
  } catch (cause) {
    throw new Error(
      `${path} is damaged: remove @sparticuz/chromium from node_modules, and install it again`,
      { cause },
    );
  }
}
