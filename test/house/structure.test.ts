// The project's rules, checked on its files: which way imports point, where Node may be named, that every file is
// reached from an entry of the package, and that none exceeds its line limit.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { namedLibraries } from "../../src/gpu/shader.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Each room may import from itself and from those before it. */
const STAIRS = [
  "gpu",
  "kernels",
  "autograd",
  "nn",
  "gan",
  "proof",
  "gpu-check",
  "judge",
  "formats",
  "runs",
  "web",
  "terminal",
  "cli",
];
/** These stand beside nn: of the engine they know its errors and its types. */
const BESIDE = ["data", "checkpoint", "pictures", "metrics", "mpi"];
const SHARED_BY_ALL = [
  "src/gpu/errors.ts",
  "src/gpu/foreign-text.ts",
  "src/gpu/formats.ts",
  "src/gpu/half.ts",
  "src/gpu/node/young-garbage.ts",
  "src/gpu/options.ts",
  "src/gpu/png-filter.ts",
  "src/gpu/system-reason.ts",
];
/** Only these may import the rooms beside nn. */
const USERS = ["gan", "gpu-check", "judge", "formats", "runs", "web", "terminal", "cli"];
/** Entry points of the engine's package, each with the rooms that it may gather from, and the command line's. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  "src/index.ts": ["gpu", "kernels", "autograd", "nn", "metrics"],
  "src/node.ts": ["gpu", "checkpoint"],
  "src/browser.ts": ["gpu"],
  "src/gan.ts": ["gan"],
  "src/data.ts": ["data", "data-bytes.ts"],
  "src/data-bytes.ts": ["data"],
  "src/metrics.ts": ["metrics"],
};
/** What the page uses besides those entries; no part of the package. */
const PAGE_ENTRY = "src/web.ts";
const FACES = [...Object.keys(ENTRIES), PAGE_ENTRY, "src/cli/main.ts"];
/** Files that are started as processes of their own. */
const CHILDREN = ["src/formats/keras/hdf5-child.ts", "src/runs/training/compile-ahead-child.ts"];
/** The only files of the engine that know Node; the first alone imports Dawn. */
const PLATFORM = /^src\/gpu\/node\/[\w-]+\.ts$/;

/** Most files are far below; a file near its ceiling wants a room of its own. */
const CEILINGS = {
  src: 300,
  proof: 400,
  web: 300,
  packages: 300,
  shaders: 250,
  test: 400,
} as const;

interface Import {
  readonly from: string;
  /** A path from the root, or a package's name. */
  readonly to: string;
  /** True if it vanishes when compiled. */
  readonly typeOnly: boolean;
}

function filesIn(folder: string, ending: RegExp): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Of the package that npm installs: how it is built. */
const builders = filesIn("packages", /\.ts$/).filter((file) => !file.includes("/dist/"));

const text = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const lines = (file: string): number => text(file).trimEnd().split("\n").length;

const STATEMENT = /^(?:import|export)\s+(type\s+)?([^"';]*?)\bfrom\s+"([^"]+)"/gm;
const BARE = /(?:^import|\bimport\()\s*"([^"]+)"/gm;
const WORKER = /new URL\(\s*"(\.[^"]+\.tsx?)"/g;

function importsOf(file: string): Import[] {
  const source = text(file);
  const found = [
    ...[...source.matchAll(STATEMENT)].map(([, type, names, to]) => ({
      to: to!,
      typeOnly: type !== undefined || onlyTypes(names!),
    })),
    ...[...source.matchAll(BARE)].map(([, to]) => ({ to: to!, typeOnly: false })),
    ...[...source.matchAll(WORKER)].map(([, to]) => ({ to: to!, typeOnly: false })),
  ];
  return found.map(({ to, typeOnly }) => ({
    from: file,
    to: to.startsWith(".") ? join(dirname(file), to.replace(/\?.*$/, "")) : to,
    typeOnly,
  }));
}

/** `{ type A, type B }`. */
function onlyTypes(names: string): boolean {
  const inner = /^\{(.*)\}\s*$/s.exec(names.trim())?.[1];
  const each =
    inner
      ?.split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "") ?? [];
  return each.length > 0 && each.every((name) => name.startsWith("type "));
}

/** The room of a file: a folder of src, or web. */
function roomOf(file: string): string {
  const [first, second] = file.split("/");
  return first === "src" ? second! : first!;
}

const sources = filesIn("src", /\.ts$/);
const pages = filesIn("web", /\.(tsx?|html)$/);
const proof = filesIn("proof", /\.ts$/);
const imports = [...sources, ...proof, ...pages.filter((file) => /\.tsx?$/.test(file))].flatMap(
  importsOf,
);

/** Why an import isn't allowed, if it isn't. */
function faultOf({ from, to, typeOnly }: Import): string | undefined {
  const gathered = ENTRIES[from];
  if (gathered) return gathered.includes(roomOf(to)) ? undefined : "is not of this entry's rooms";
  if (FACES.includes(from) || !/^(?:src|proof|web)\//.test(to)) return undefined;
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === target || SHARED_BY_ALL.includes(to)) return undefined;
  if (FACES.includes(to)) return USERS.includes(room) ? undefined : "imports a face of the package";
  if (BESIDE.includes(target)) return USERS.includes(room) ? undefined : "is no user of that room";
  if (BESIDE.includes(room)) {
    return target === "gpu" && typeOnly
      ? undefined
      : "stands beside nn: gpu's types and errors alone";
  }
  const [here, there] = [STAIRS.indexOf(room), STAIRS.indexOf(target)];
  if (here < 0 || there < 0) return "is in no known room";
  return there < here ? undefined : "imports upwards";
}

/** The files that some files lead to, by imports of a kind. */
function reachedFrom(first: readonly string[], counts: (each: Import) => boolean): Set<string> {
  const seen = new Set<string>();
  const open = [...first];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...imports.filter((each) => each.from === file && counts(each)).map(({ to }) => to));
  }
  return seen;
}

describe("imports", () => {
  test("are found at all", () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports).toContainEqual({
      from: "src/kernels/matmul.ts",
      to: "src/gpu/errors.ts",
      typeOnly: false,
    });
  });

  test("point one way", () => {
    const faults = imports.flatMap((each) => {
      const fault = faultOf(each);
      return fault === undefined ? [] : [`${each.from} → ${each.to}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  test("of the page, and of all that it loads, name entries of the engine alone", () => {
    const own = [...reachedFrom(["web/main.tsx"], () => true)].filter((file) =>
      file.startsWith("web/"),
    );
    expect(own.length).toBeGreaterThan(20);
    const deep = imports
      .filter(({ from, to }) => own.includes(from) && to.startsWith("src/"))
      .filter(({ to }) => !/^src\/[\w-]+\.ts$/.test(to))
      .map(({ from, to }) => `${from} → ${to}`);
    expect(deep).toEqual([]);
  });

  test("of the benchmarks reach no command", () => {
    const reached = filesIn("bench", /\.ts$/)
      .flatMap(importsOf)
      .filter(({ to }) => to.startsWith("src/cli/"));
    expect(reached).toEqual([]);
  });

  test("name Node in one place of the engine, and Dawn in one file", () => {
    const engine = new Set([
      "gpu",
      "kernels",
      "autograd",
      "nn",
      "gan",
      "proof",
      "gpu-check",
      "judge",
      "metrics",
    ]);
    const platform = imports.filter(
      ({ from, to }) =>
        engine.has(roomOf(from)) &&
        (to.startsWith("node:") || to === "webgpu") &&
        !PLATFORM.test(from),
    );
    expect(platform).toEqual([]);
    const dawn = imports.filter(({ to }) => to === "webgpu").map(({ from }) => from);
    expect([...new Set(dawn)]).toEqual(["src/gpu/node/adapter.ts"]);
    const reach = imports.filter(
      ({ from, to, typeOnly }) =>
        PLATFORM.test(to) && !typeOnly && engine.has(roomOf(from)) && !PLATFORM.test(from),
    );
    expect(reach).toEqual([]); // nor does the engine reach it by another's hand
  });

  test("keep each platform's files out of the other's entry, and both out of all others", () => {
    const apart = {
      "src/node.ts": ["src/gpu/browser.ts"],
      "src/browser.ts": ["src/gpu/node/adapter.ts"],
    };
    const both = ["src/gpu/node/adapter.ts", "src/gpu/browser.ts"];
    const faults = Object.keys(ENTRIES).flatMap((entry) => {
      const barred = entry in apart ? apart[entry as keyof typeof apart] : both;
      const reached = reachedFrom([entry], ({ typeOnly }) => !typeOnly);
      return barred.filter((file) => reached.has(file)).map((file) => `${entry} → ${file}`);
    });
    expect(faults).toEqual([]);
  });

  test("of the entries name no package but Dawn, so that installing one installs no more", () => {
    const reached = reachedFrom(Object.keys(ENTRIES), () => true);
    const packages = imports
      .filter(
        ({ from, to }) => reached.has(from) && !to.startsWith("src/") && !to.startsWith("node:"),
      )
      .map(({ to }) => to);
    expect([...new Set(packages)]).toEqual(["webgpu"]);
  });

  test("leave no cycle between files", () => {
    const graph = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports) {
      if (!typeOnly && /^(?:src|proof)\//.test(to))
        graph.set(from, [...(graph.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file))
        cycles.push([...trail.slice(trail.indexOf(file)), file].join(" → "));
      if (done.has(file) || trail.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test("of the command line's package lead to no file that it lacks once it is installed", () => {
    const { files }: { files: string[] } = JSON.parse(text("package.json"));
    const lacking = imports.filter(
      ({ to, typeOnly }) =>
        !typeOnly &&
        to !== "package.json" &&
        existsSync(join(ROOT, to)) &&
        !files.some((shipped) => to.startsWith(`${shipped}/`)),
    );
    expect(lacking).toEqual([]);
  });

  test("reach every file from a face of the package", () => {
    const seen = reachedFrom([...FACES, ...CHILDREN, ...pages], () => true);
    const orphans = sources.filter((file) => !seen.has(file) && !file.endsWith(".d.ts"));
    expect(orphans).toEqual([]);
  });
});

describe("files", () => {
  const all = [
    ...sources,
    ...proof,
    ...pages,
    ...filesIn("shaders", /\.wgsl$/),
    ...filesIn("test", /\.m?ts$/),
    ...builders,
  ].filter((file) => !file.endsWith(".d.ts"));

  test("stay below their ceilings", () => {
    const tall = all.filter((file) => {
      const folder = file.split("/")[0]! as keyof typeof CEILINGS;
      return lines(file) > CEILINGS[folder];
    });
    expect(tall.map((file) => `${file}: ${lines(file)} lines`)).toEqual([]);
  });

  test("of the command line are thin, and long work knows no console", () => {
    const thick = filesIn("src/cli/commands", /\.ts$/).filter((file) => lines(file) > 80);
    expect(thick.map((file) => `${file}: ${lines(file)} lines`)).toEqual([]);
    const loud = sources.filter(
      (file) => file.startsWith("src/runs/") && /\bconsole\.|process\.std/.test(text(file)),
    );
    expect(loud).toEqual([]);
  });

  test("open with what they are", () => {
    const bare = all.filter((file) => !/^(\/\/|\/\*|<!|#!)/.test(text(file)));
    expect(bare).toEqual([]);
  });

  test("of shaders are each launched by some kernel, libraries each appended by some shader", () => {
    const kernels = filesIn("src/kernels", /\.ts$/)
      .concat("src/gpu/move-into.ts")
      .map(text)
      .join("\n");
    const shaders = filesIn("shaders", /\.wgsl$/);
    const unused = shaders.filter((file) => {
      const name = file.replace(/^shaders\/|\.wgsl$/g, "");
      if (name.startsWith("lib/")) {
        return !shaders.some((other) => text(other).includes(`// appended: ${name}.wgsl`));
      }
      return !kernels.includes(`"${name}"`);
    });
    expect(unused).toEqual([]);
  });

  test("of shaders name no library that they don't use themselves", () => {
    const code = (file: string): string => text(file).replaceAll(/\/\/.*/g, "");
    const idle = filesIn("shaders", /\.wgsl$/).flatMap((file) => {
      const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(code(file));
      return namedLibraries(text(file)).filter((library) => {
        const defined = code(`shaders/${library}`).matchAll(/^(?:fn|struct|const) (\w+)/gm);
        return ![...defined].some(([, name]) => uses(name!));
      });
    });
    expect(idle).toEqual([]);
  });
});
