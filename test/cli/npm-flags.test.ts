// Flags that npm keeps if `--` is left out: nothing runs, and the error has the line to type. npm's own settings in the
// environment are not such flags.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { keptByNpm, refuseKeptFlags } from "../../src/terminal/npm-flags.ts";
import { recipeOption, whole } from "../../src/cli/options.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { ROOT } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-npm-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function commands(): Command {
  const program = new Command().option("--verbose");
  program
    .command("train")
    .addOption(recipeOption())
    .option("--steps <n>", "", whole(1))
    .option("--out <dir>")
    .option("--data <dir>")
    .option("--sample-every <n>", "", whole(1))
    .option("--tune [seconds]", "", whole(1))
    .option("--f16")
    .option("--force");
  program
    .command("sample")
    .argument("<run>")
    .option("--count <n>", "", whole(1))
    .option("--grid")
    .option("--no-grid");
  program.command("classify").argument("<paths...>").option("--json <file>");
  program
    .command("interpolate")
    .argument("<run>")
    .option("--from <n>", "", whole(0))
    .option("--to <n>", "", whole(0));
  return program;
}

/** What npm 11 leaves to a script, flags or none. */
function environment(
  event: string,
  kept: Readonly<Record<string, string>>,
): Record<string, string> {
  const flags = Object.entries(kept).map(([key, value]) => [`npm_config_${key}`, value]);
  return {
    npm_lifecycle_event: event,
    npm_lifecycle_script:
      event === "bench" ? "tsx main.ts" : `node --import tsx src/cli/main.ts ${event}`,
    npm_config_cache: "/home/a/.npm",
    npm_config_user_agent: "npm/11.0.0 node/v20.20.2 linux x64 workspaces/false",
    npm_config_registry: "https://registry.npmjs.org/",
    npm_config_loglevel: "verbose",
    npm_config_local_prefix: folder,
    npm_config_noproxy: "",
    ...Object.fromEntries(flags),
  };
}

const meant = (
  event: string,
  kept: Readonly<Record<string, string>>,
  words = "",
): string | undefined =>
  keptByNpm(
    commands(),
    [
      "node",
      "/x/main.ts",
      ...(event === "bench" ? [] : [event]),
      ...words.split(" ").filter(Boolean),
    ],
    environment(event, kept),
  )?.command;

describe("the line that was meant", () => {
  const lines: readonly [string, Record<string, string>, string, string][] = [
    ["train", { recipe: "small", steps: "5" }, "", "train -- --recipe small --steps 5"],
    ["train", { recipe: "true", steps: "true" }, "small 5", "train -- --recipe small --steps 5"],
    ["train", { steps: "true", recipe: "true" }, "5 small", "train -- --recipe small --steps 5"],
    [
      "train",
      { recipe: "true", out: "true" },
      "runs/x small",
      "train -- --recipe small --out runs/x",
    ],
    ["train", { sample_every: "5" }, "", "train -- --sample-every 5"],
    ["train", { out: "my runs/it's" }, "", "train -- --out 'my runs/it'\\''s'"],
    ["train", { out: "a\u001b\n" }, "", "train -- --out $'a\\033\\012'"],
    ["train", { out: "a\n\nb" }, "", "train -- --out b"], // twice: npm keeps both, the last one counts
    ["train", { tune: "true", force: "true" }, "", "train -- --tune --force"],
    ["train", { tune: "true" }, "30", "train -- --tune 30"],
    ["train", { recipe: "true" }, "small --steps 5", "train -- --recipe small --steps 5"],
    ["sample", { count: "true" }, "runs/a 4", "sample -- runs/a --count 4"],
    ["sample", { count: "true" }, "4 runs/a", "sample -- runs/a --count 4"],
    ["sample", { grid: "" }, "runs/a", "sample -- runs/a --no-grid"],
    [
      "interpolate",
      { from: "true", token_description: "5" },
      "r 1",
      "interpolate -- r --from 1 --to 5",
    ],
    ["bench", { steps: "5" }, "train --recipe mlp", "bench -- train --steps 5 --recipe mlp"],
    // Several readings, or none: the values are left open.
    ["train", { out: "true", data: "true" }, "a b", "train -- --out … --data …"],
    ["train", { steps: "true" }, "", "train -- --steps …"],
    ["train", { steps: "true" }, "five", "train -- --steps …"],
  ];

  it.each(lines)("of npm run %s with %j and %j", (event, kept, words, line) => {
    expect(meant(event, kept, words)).toBe(`npm run ${line}`);
  });

  it("is told in one line, and refused", async () => {
    const argv = ["node", "/x/main.ts", "train"];
    const call = (): unknown =>
      refuseKeptFlags(commands(), argv, environment("train", { f16: "true" }));
    expect(await messageOf(UsageError, call)).toBe(
      "npm took --f16 for itself, and nothing has run; put -- before it: npm run train -- --f16",
    );
  });

  it("is only a note where all of the flags are npm's too", () => {
    const argv = ["node", "/x/main.ts", "train"];
    const note = refuseKeptFlags(commands(), argv, environment("train", { force: "true" }));
    expect(note).toBe(
      "npm took --force for itself; if it was meant for this command, put -- before it: npm run train -- --force",
    );
  });
});

describe("nothing is found", () => {
  it("in npm's own settings", () => {
    expect(meant("train", {})).toBeUndefined();
    expect(meant("train", {}, "--recipe small --f16")).toBeUndefined();
    expect(meant("train", { json: "true", yes: "true" })).toBeUndefined(); // no flag of this command
  });

  it("in flags that stand behind -- as well", () => {
    expect(meant("train", { recipe: "mlp" }, "--recipe small")).toBeUndefined();
    expect(meant("train", { recipe: "mlp" }, "--recipe=small")).toBeUndefined();
  });

  it("in what a configuration file of npm's sets", () => {
    writeFileSync(join(folder, ".npmrc"), "; mine\n data = /tmp\n");
    expect(meant("train", { data: "/tmp" })).toBeUndefined();
    expect(meant("train", { data: "/tmp", f16: "true" })).toBe("npm run train -- --f16");
    rmSync(join(folder, ".npmrc"));
  });

  it("where another script than this command's was started by npm, or none", () => {
    const argv = ["node", "/x/main.ts", "train"];
    const { npm_lifecycle_event: _, ...bare } = environment("train", { steps: "5" });
    expect(keptByNpm(commands(), argv, bare)).toBeUndefined();
    const outer = { ...environment("test", { steps: "5" }), npm_lifecycle_script: "vitest run" };
    expect(keptByNpm(commands(), argv, outer)).toBeUndefined();
  });
});

describe("npm run", () => {
  /** As a person types it, through the npm that is installed. */
  const npm = (...args: string[]): Promise<{ code: number; err: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, LONGHAND_ADAPTER: "null" };
      execFile("npm", ["run", ...args], { cwd: ROOT, env }, (error, _, err) =>
        resolve({ code: error ? Number(error.code) : 0, err }),
      );
    });

  it("without -- exits with 2, and leaves nothing", async () => {
    const out = join(folder, "run");
    const { code, err } = await npm("train", "--recipe", "small", "--steps", "5", `--out=${out}`);
    expect(code).toBe(2);
    expect(err).toContain("longhand: npm took --");
    expect(err).toContain(`: npm run train -- `);
    expect(err).toContain(`--recipe small`);
    expect(existsSync(out)).toBe(false);
  }, 60_000);

  it("with words that no command takes exits with 2", async () => {
    const { code, err } = await npm("tune", "small");
    expect(code).toBe(2);
    expect(err).toContain("too many arguments for 'tune'");
  }, 60_000);
});
