// `npm run bench -- against`: this checkout next to other commits of a repository that the test makes.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { commitNamed } from "../../bench/against/checkout.ts";
import { inTurn, rowOf, type Duel, type Row } from "../../bench/against/pairs.ts";
import type { StepReply } from "../../bench/contestants/messages.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "longhand-against-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CACHE = join(folder, "cache");
/** Mesa's compiled kernels stay where they are: compiling them again takes minutes. */
const MESA = { MESA_SHADER_CACHE_DIR: process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache") };
const KEPT = join(CACHE, "longhand/against");
/** The repository's commits are made from this working tree, which it leaves alone. */
const GIT = {
  GIT_DIR: join(folder, "repository"),
  GIT_WORK_TREE: ROOT,
  GIT_AUTHOR_NAME: "a test",
  GIT_AUTHOR_EMAIL: "test@localhost",
  GIT_COMMITTER_NAME: "a test",
  GIT_COMMITTER_EMAIL: "test@localhost",
};

function git(args: readonly string[], input = ""): string {
  const env = { ...process.env, ...GIT };
  return execFileSync("git", args, { cwd: ROOT, env, input, encoding: "utf8" }).trim();
}

/** Commits what is in the index, on another commit. */
function commit(message: string, ...parents: readonly string[]): string {
  const flags = parents.flatMap((parent) => ["-p", parent]);
  return git(["commit-tree", git(["write-tree"]), ...flags, "-m", message]);
}

/** Replaces a file in the index. */
function put(path: string, text: string): void {
  const blob = git(["hash-object", "-w", "--stdin"], text);
  git(["update-index", "--cacheinfo", `100644,${blob},${path}`]);
}

git(["init", "--quiet", "--initial-branch=main"]);
git(["add", "bench", "src", "shaders", "package.json", "package-lock.json", "tsconfig.json"]);
const own = commit("this working tree");
const RECIPE = "src/gan/recipes/small.ts";
put(RECIPE, readFileSync(join(ROOT, RECIPE), "utf8").replace("epochs: 1,", "slope: 0.125,"));
const changed = commit("another slope", own);
put("package-lock.json", `${readFileSync(join(ROOT, "package-lock.json"), "utf8")}\n`);
const packages = commit("other packages", changed);
git(["rm", "--quiet", "--cached", "bench/contestants/child.ts"]);
const early = commit("before steps were timed", packages);
git(["read-tree", own]);
git(["update-ref", "refs/heads/main", changed]);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function against(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const command = ["--import", "tsx", "bench/main.ts", "against", ...args];
  const env = { ...process.env, ...GIT, ...MESA, XDG_CACHE_HOME: CACHE, ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: ROOT, env, timeout: 230_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

test("a commit that can't be measured is refused in a line", async () => {
  const shallow = join(folder, "shallow");
  execFileSync("git", ["clone", "-q", "--bare", "--depth=1", `file://${GIT.GIT_DIR}`, shallow]);
  const refusal = async (name: string, repository: string): Promise<string> => {
    for (const [key, value] of Object.entries(GIT)) vi.stubEnv(key, value);
    vi.stubEnv("GIT_DIR", repository);
    const message = await messageOf(UsageError, () => commitNamed(name));
    vi.unstubAllEnvs();
    return message;
  };
  expect(await refusal("no-such-branch", GIT.GIT_DIR)).toBe(
    `against: this repository has no commit "no-such-branch"; git log lists those that it has`,
  );
  expect(await refusal(own, shallow)).toMatch(
    /no commit "[0-9a-f]{40}"; this clone is shallow: .*git fetch --unshallow$/,
  );
  expect(await refusal(early, GIT.GIT_DIR)).toMatch(
    /^against: [0-9a-f]+ has no bench\/contestants\/child.ts, .*; choose a later commit$/,
  );
  expect(await refusal("HEAD", folder)).toMatch(/^against: .* is none; clone the repository$/);
});

const refusals: [args: string[], message: RegExp][] = [
  [["no-such-branch"], /^against: this repository has no commit "no-such-branch"; /m],
  [[own, "--rows", "step,speed"], /Allowed are step, memory, cold, judge/],
  [[own, "--adapter", "no such thing"], /no adapter matches "no such thing"/],
];

test.each(refusals)("%j is refused before anything is kept", async (args, message) => {
  const { code, err } = await against(args);
  expect(code).not.toBe(0);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/^\s+at /m); // no stack
  expect(existsSync(KEPT)).toBe(false);
});

test("packages that npm can't install are a sentence, and nothing is left", async () => {
  const offline = { npm_config_offline: "true", npm_config_cache: join(folder, "npm") };
  const { code, err } = await against([packages], offline);
  expect(code).toBe(2);
  expect(err).toMatch(
    /^against: npm ci can't install the packages of [0-9a-f]+: .*cache.*; check the network$/m,
  );
  expect(readdirSync(KEPT)).toEqual([]);
});

test("both train the other commit's recipe to the same bits, and the repository stays as it is", async () => {
  const state = (): string =>
    [["status", "--porcelain"], ["worktree", "list"], ["for-each-ref"], ["ls-files", "--stage"]]
      .map((args) => git(args))
      .join("\n");
  const before = state();
  const json = join(folder, "against.json");
  const size = ["--recipe", "small", "--width", "0.1", "--batch", "2"];
  const { code, out, err } = await against([changed, ...size, "--pairs", "1", "--json", json]);
  expect(code, err).toBe(0);
  const name = git(["rev-parse", "--short", changed]);
  expect(out).toMatch(new RegExp(`^${name} and this checkout \\(.*\\), on `));
  expect(out).toContain(`both train it as ${name} has it, which is here small with `);
  expect(out).toContain("slope 0.125");
  expect(out).toMatch(/^small: the losses after (?:[3-9]|10) steps are equal, bit for bit[.]$/m);
  const report: { adapter: string; rows: Row[] } = JSON.parse(readFileSync(json, "utf8"));
  expect(report).toMatchObject({ command: "against", pairs: 1, there: { sha: changed } });
  const rows = new Map(report.rows.map((row) => [row.title, row]));
  const cold = report.adapter.includes("SwiftShader")
    ? []
    : ["first small step, driver's cache empty, batch 2"];
  const memory = "small peak GPU memory, batch 2";
  const times = ["small step, batch 2", ...cold, "training the judge, 5 steps"];
  expect([...rows.keys()].toSorted()).toEqual([memory, ...times].toSorted());
  expect(rows.get(memory)!.ratio.median).toBe(1);
  for (const title of times) {
    const { pairs = [], there, here, processor } = rows.get(title)!;
    expect(pairs).toHaveLength(1);
    expect([there > 0, here > 0, processor!.least > 0]).toEqual([true, true, true]);
    expect(out).toMatch(new RegExp(`^${title} .* \\d\\.\\d{3} to \\d+\\.\\d{3} `, "m"));
  }
  expect(readdirSync(KEPT)).toEqual([changed]);
  expect(lstatSync(join(KEPT, changed, "node_modules")).isSymbolicLink()).toBe(true);
  expect(state()).toBe(before);
}, 200_000);

const reply = (milliseconds: number, processor: number): StepReply => ({
  milliseconds,
  processor,
  counts: {
    dispatches: 1,
    submits: 1,
    passes: 1,
    encoders: 1,
    buffers: 0,
    bufferBytes: 0,
    bindGroups: 0,
    pipelines: 0,
    uploadedBytes: 0,
  },
});

test("pairs change their order, and end with the one in which a stop was asked for", async () => {
  const order: string[] = [];
  const duel: Duel = {
    roots: { there: "", here: "" },
    names: { there: "abcdef0", here: "here" },
    software: true,
    pairs: 5,
    asked: () => order.length >= 5,
  };
  const pairs = await inTurn(duel, "a test", (side) => {
    order.push(side);
    return Promise.resolve(reply(order.length, 1));
  });
  expect(order).toEqual(["there", "here", "here", "there", "there", "here"]);
  const measured = pairs.map(({ there, here }) => [there.milliseconds, here.milliseconds]);
  expect(measured).toEqual([
    [1, 2],
    [4, 3],
    [5, 6],
  ]);
  const failing = inTurn({ ...duel, asked: () => false }, "a test", () =>
    Promise.reject(new UsageError("no such step")),
  );
  await expect(failing).rejects.toThrow(/^abcdef0: no such step$/);
});

test("ratios are of pairs, this checkout's figure over the other's", () => {
  const pairs = [
    { there: reply(100, 200), here: reply(50, 20) },
    { there: reply(400, 200), here: reply(100, 40) },
    { there: reply(200, 200), here: reply(200, 60) },
  ];
  expect(rowOf("step", [])).toEqual([]);
  expect(rowOf("step", pairs)).toEqual([
    {
      title: "step",
      unit: "time",
      there: 200,
      here: 100,
      ratio: { median: 0.5, least: 0.25, greatest: 1 },
      processor: { median: 0.2, least: 0.1, greatest: 0.3 },
      pairs,
    },
  ]);
});
