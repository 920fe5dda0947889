// A project that has installed the engine's package: what `npm pack` makes, and nothing else.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll } from "vitest";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** The packages that the package may install: Dawn and its dependencies. */
export const BROUGHT: readonly string[] = ["@webgpu/types", "debug", "ms", "webgpu"];

/** What a command printed, and how it ended. */
export interface Answered {
  readonly code: number;
  readonly out: string;
}

/** Runs a command and waits for its end. */
export async function run(file: string, args: readonly string[], cwd: string): Promise<Answered> {
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, { cwd, timeout: 80_000 });
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    const failed: { code?: unknown; stdout?: string; stderr?: string } = Object(error);
    return { code: Number(failed.code ?? -1), out: `${failed.stdout ?? ""}${failed.stderr ?? ""}` };
  }
}

/** Runs a program of this repository's node_modules. */
export const runTool = (name: string, args: readonly string[], cwd: string): Promise<Answered> =>
  run(join(ROOT, "node_modules/.bin", name), args, cwd);

/** Runs a command that has to succeed. Rejects with what it said. */
export async function mustRun(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, out } = await run(file, args, cwd);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")}: ${out}`);
  return out;
}

/** Packs the engine into a new folder, which is removed after the tests. */
export async function pack(): Promise<{ folder: string; tarball: string }> {
  const folder = mkdtempSync(join(tmpdir(), "longhand-package-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  await mustRun("npm", ["pack", "-w", "longhand", "--pack-destination", folder], ROOT);
  return { folder, tarball: join(folder, "longhand-0.1.0.tgz") };
}

/**
 * Makes a project next to the tarball and installs the tarball, with a lock file of the packages that it may install:
 * npm refuses it if the package needs anything else. What `npm ci` fetched for this repository isn't fetched again.
 */
export async function installInto(folder: string, tarball: string): Promise<string> {
  const project = join(folder, "project");
  mkdirSync(project);
  const read = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, "utf8"));
  const { packages } = read(join(ROOT, "package-lock.json"));
  const locked = new Map(Object.entries(Object(packages)));
  const { name, scripts: _, ...manifest } = read(join(ROOT, "packages/longhand/package.json"));
  const own = { name: "project", version: "1.0.0", type: "module" };
  const dependencies = { longhand: `file:${tarball}` };
  const integrity = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  const lock = {
    ...own,
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { ...own, dependencies },
      [`node_modules/${String(name)}`]: { ...manifest, resolved: `file:${tarball}`, integrity },
      ...Object.fromEntries(
        BROUGHT.map((each) => `node_modules/${each}`).map((path) => [path, locked.get(path)]),
      ),
    },
  };
  writeFileSync(join(project, "package.json"), JSON.stringify({ ...own, dependencies }));
  writeFileSync(join(project, "package-lock.json"), JSON.stringify(lock));
  await mustRun("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], project);
  return project;
}

/** Links a package of this repository into a project. */
export function lend(project: string, name: string): void {
  mkdirSync(join(project, "node_modules", name, ".."), { recursive: true });
  symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name));
}
