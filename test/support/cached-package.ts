// Packages that only tests need, and that are too large for everyone to install: they go into the cache folder when they
// are first asked for.
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolders } from "../../src/gpu/node/adapter.ts";

/**
 * Installs what a folder of test/ pins, unless it is in the cache folder, and returns a function that loads its packages.
 * `name` is one of them.
 */
export async function cachedPackage(
  folder: string,
  name: string,
): Promise<(id: string) => unknown> {
  const source = join(import.meta.dirname, "..", folder);
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(source, "package.json"), "utf8"),
  );
  const own = name.replace("@", "").replace("/", "-");
  const place = cacheFolders(`test/${own}-${manifest.dependencies[name]}`)[0]!;
  if (!existsSync(place)) {
    // Next to its place, then there at once: another test may be installing the same.
    const draft = `${place}-${process.pid}`;
    mkdirSync(draft, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) {
      copyFileSync(join(source, file), join(draft, file));
    }
    // No install scripts: onnxruntime's would fetch libraries for NVIDIA's GPUs; those for CPUs are in the package.
    await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: draft,
    });
    try {
      renameSync(draft, place);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(place)) throw error;
    }
  }
  return createRequire(join(place, "package.json"));
}
