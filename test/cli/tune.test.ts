// Tuned choices as files: one per adapter, used by new runs, and kept by a run to its end.
import { type Variant } from "../../src/kernels/variant.ts";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { parseChoices } from "../../src/runs/choices.ts";
import {
  choicesFor,
  forgetKernelChoices,
  loadKernelChoices,
  saveKernelChoices,
} from "../../src/runs/kernel-choices.ts";
import { tuneRecipe } from "../../src/runs/tuning.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { stepWorkloads } from "../../src/gan/tune.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { open } from "../../src/node.ts";
import { messageOf } from "../support/message-of.ts";
import { longhand, type Outcome } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-tune-"));
// Mesa's compiled kernels stay where they are.
process.env["MESA_SHADER_CACHE_DIR"] ??= process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
process.env["XDG_CACHE_HOME"] = join(folder, "cache"); // of this file's process and of those it starts
const { device, adapter, close } = await open();
afterAll(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (name: string): string => join(folder, name);

describe("stored choices", () => {
  const name = "An adapter (of some kind), driver 1.2";

  it("come back as they were stored, of this adapter and these kernels alone", async () => {
    expect(await loadKernelChoices(name)).toMatchObject({ choices: {}, trouble: undefined });
    const path = await saveKernelChoices(name, { "matmul 1x2 by 2x3": "lanes" });
    expect(path).toBe(run("cache/longhand/kernels/an-adapter-of-some-kind-driver-1.2.json"));
    expect(await loadKernelChoices(name)).toEqual({
      path,
      choices: { "matmul 1x2 by 2x3": "lanes" },
      trouble: undefined,
    });
    expect((await loadKernelChoices(`${name}1`)).choices).toEqual({});
    const alike = "An adapter, of some kind, driver 1.2"; // whose file has the same name
    expect((await loadKernelChoices(alike)).trouble).toContain(
      `belongs to another adapter, ${name}`,
    );
    writeFileSync(path, readFileSync(path, "utf8").replace(/"kernels": "../, '"kernels": "zz'));
    expect(await loadKernelChoices(name)).toMatchObject({
      choices: {},
      trouble: "the kernels have changed since they were tuned",
    });
    expect(forgetKernelChoices(name)).toEqual([path]);
    expect([existsSync(path), forgetKernelChoices(name)]).toEqual([false, []]);
  });

  const good = { format: 1, adapter: name, kernels: "00", choices: {} };
  const broken: [what: string, text: string, says: RegExp][] = [
    ["is cut off", '{"format":1,', /is not JSON/],
    ["has another format", JSON.stringify({ ...good, format: 2 }), /: format: /],
    ["names no variant", JSON.stringify({ ...good, choices: { k: "fast" } }), /: choices\.k: /],
    ["lacks the kernels", JSON.stringify({ ...good, kernels: undefined }), /: kernels: /],
  ];
  it.each(broken)(
    "hold nothing where the file %s, which is said in a line",
    async (_, text, says) => {
      const path = await saveKernelChoices(name, {});
      writeFileSync(path, text);
      const { choices, trouble } = await loadKernelChoices(name);
      expect(choices).toEqual({});
      expect(trouble).toMatch(says);
      expect(trouble!.split("\n").length).toBe(1);
      expect(await messageOf(CheckpointError, () => parseChoices(text, path))).toBe(trouble);
      const { words } = await choicesFor(undefined, { name });
      expect(words(0, 9)).toBe(
        `the defaults, not those that were tuned: ${trouble}; npm run tune measures them again`,
      );
    },
  );

  it("are a run's own once it has begun, but for another adapter's", async () => {
    await saveKernelChoices(name, { a: "tiled" });
    const earlier = { adapter: name, choices: { b: "direct" as Variant } };
    expect((await choicesFor(undefined, { name })).choices).toEqual({ a: "tiled" });
    expect((await choicesFor(earlier, { name })).choices).toEqual({ b: "direct" });
    expect((await choicesFor({ ...earlier, choices: {} }, { name })).choices).toEqual({});
    expect((await choicesFor(earlier, { name: "another" })).choices).toEqual({});
  });
});

describe("tune", () => {
  it("keeps what it found, and goes on there the next time", async () => {
    const said: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((text: string) => void said.push(text));
    try {
      const recipe = recipeNamed("small");
      const tuneFor = async (budget: number): Promise<void> =>
        tuneRecipe(terminal, { recipe, batch: 1, adapter: undefined, budget, again: true });
      const keys = [...(await stepWorkloads(device, recipe, 1)).keys()];
      const left = keys.find((key) => key.startsWith("conv2d-forward 1x1x1x200 to 1x1x1568"))!;
      expect(left).toBeDefined();
      const known = keys
        .filter((key) => key !== left)
        .map((key): [string, Variant] => [key, "direct"]);
      await saveKernelChoices(adapter.name, Object.fromEntries(known));
      await tuneFor(300);
      const { choices } = await loadKernelChoices(adapter.name);
      const { [left]: found, ...others } = choices;
      expect(others).toEqual(Object.fromEntries(known));
      const text = said.join("\n");
      expect(text).toMatch(
        new RegExp(`kernels at 1 shapes; the other ${known.length} were measured before`),
      );
      expect(text).toContain(`${left} (once per step)`);
      expect(text).toMatch(/^ {2}[→ ]\* {2}\w+ +[\d.]+ ms {2}× 1\.00$/m);
      expect(text).toMatch(new RegExp(`^ {2}→[* ] {2}${found} `, "m"));
      expect(text).toContain(`Kept in ${join(folder, "cache")}`);
      said.length = 0;
      await tuneFor(0.001); // nothing fits: what was found before stays
      expect(said.join("\n")).toContain("all of them measured before");
      expect(said.at(-1)).toContain(`There was no time left for ${keys.length} shapes`);
      expect((await loadKernelChoices(adapter.name)).choices).toEqual(choices);
    } finally {
      log.mockRestore();
    }
  });

  it("answers --help and refuses flags in a sentence", async () => {
    const help = await longhand("tune", "--help");
    expect([help.code, help.out]).toEqual([0, expect.stringContaining("--budget <seconds>")]);
    const cases: [string[], number, RegExp][] = [
      [["tune", "--budget", "0"], 2, /--budget.*1 or more/],
      [["tune", "--forget", "--batch", "3"], 2, /--forget: .*leave --batch out/],
      [["train", "--tune", "soon"], 2, /--tune.*1 or more/],
    ];
    for (const [args, code, says] of cases) {
      const refused = await longhand(...args);
      expect([refused.code, refused.err]).toEqual([code, expect.stringMatching(says)]);
    }
  });
});

describe("train", () => {
  const IMAGES = 8;
  const data = run("data");
  const train = async (...args: string[]): Promise<Outcome> =>
    longhand("train", "--recipe", "small", "--batch", "4", "--data", data, ...args);
  const weights = (name: string): Buffer =>
    readFileSync(join(run(name), "checkpoint", "discriminator.safetensors"));

  it("tunes, uses what was tuned, and goes on with it bit for bit when the cache is gone", async () => {
    mkdirSync(data);
    const header = new DataView(new ArrayBuffer(16));
    [0x803, IMAGES, 28, 28].forEach((word, index) => header.setUint32(4 * index, word));
    const pixels = Uint8Array.from({ length: IMAGES * 784 }, (_, i) => (i * i) >>> 3);
    const file = Buffer.concat([new Uint8Array(header.buffer), pixels]);
    writeFileSync(join(data, "train-images-idx3-ubyte"), file);

    // Every filter gradient by the slow way, whose sums are cut elsewhere; and a shape nobody launches.
    const uses = await stepWorkloads(device, recipeNamed("small"), 4);
    const keys = [...uses.keys()].filter((key) => key.startsWith("conv2d-weight-gradient"));
    const chosen = Object.fromEntries(keys.map((key): [string, Variant] => [key, "direct"]));
    await saveKernelChoices(adapter.name, { ...chosen, "matmul 9x9 by 9x9": "tiled" });
    const whole = await train("--steps", "4", "--out", run("whole"));
    expect(whole.code, whole.err).toBe(0);
    expect(whole.out).toContain(
      `as tuned on this adapter at ${keys.length} of ${uses.size} shapes`,
    );
    expect(JSON.parse(readFileSync(join(run("whole"), "run.json"), "utf8"))).toMatchObject({
      choices: chosen,
    });

    await train("--steps", "2", "--out", run("stopped"));
    const halfway = weights("stopped");
    rmSync(join(folder, "cache", "longhand", "kernels"), { recursive: true });
    const tuned = await train("--tune", "1", "--steps", "2", "--out", run("tuned"));
    expect(tuned.code, tuned.err).toBe(0);
    expect(tuned.out).toMatch(/Tuning recipe small at batch 4: .*at most 1\.0 s/);
    expect(tuned.out).toMatch(/Kernels: (the defaults; npm run tune measures|as tuned)/);
    expect(weights("tuned").equals(halfway)).toBe(false);
    const resumed = await longhand("train", "--resume", run("stopped"), "--steps", "4");
    expect(resumed.out).toContain(`as the run began, tuned at ${keys.length} of ${uses.size}`);
    for (const name of readdirSync(join(run("whole"), "checkpoint"))) {
      const [a, b] = ["whole", "stopped"].map((each) =>
        readFileSync(join(run(each), "checkpoint", name)),
      );
      expect(a!.equals(b!), name).toBe(true);
    }
    const again = await longhand("train", "--resume", run("stopped"), "--tune");
    expect([again.code, again.err]).toEqual([
      2,
      expect.stringMatching(/^longhand: --tune: .*keeps/m),
    ]);
  }, 400_000); // five processes, of seconds each where nothing else runs
});
