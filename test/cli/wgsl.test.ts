// The command that prints shaders: it prints what a driver accepts, and names what it refuses.
import { describe, expect, it } from "vitest";
import { nearest } from "../../src/cli/words/nearest.ts";
import { testDevice } from "../support/device.ts";
import { longhand } from "../support/longhand.ts";

const device = await testDevice();

/** The modules of a printed text, each under its heading. */
const modulesIn = (text: string): readonly string[] => text.split(/^(?=\/\/ \d+ of \d+: )/m);

/** What the device has against a text, if anything. */
async function faultOf(code: string): Promise<string | undefined> {
  device.gpu.pushErrorScope("validation");
  device.gpu.createShaderModule({ code });
  return (await device.gpu.popErrorScope())?.message;
}

describe("wgsl", () => {
  it("prints a step's modules of a shader, joined and specialised, as the device takes them", async () => {
    const args = ["wgsl", "matmul", "--recipe", "small", "--batch", "8"];
    const refused = await longhand(...args);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/a step of recipe small launches no "matmul"; did you mean \w/);

    const { code, out } = await longhand("wgsl", "shaders/batch-norm.wgsl", ...args.slice(2));
    expect(code).toBe(0);
    const modules = modulesIn(out);
    expect(modules.length).toBeGreaterThan(1);
    for (const [index, module] of modules.entries()) {
      const [title, launches, constants] = module.split("\n");
      expect(title).toMatch(
        new RegExp(`^// ${index + 1} of ${modules.length}: batch-norm, entry point \\w+$`),
      );
      expect(launches).toMatch(/^\/\/ dispatches [\d, ]+ of \d+; recipe small, batch 8, /);
      const [, rows] = /\bROWS = (\d+)/.exec(constants!) ?? [];
      expect(module).toContain(`\nconst ROWS = ${rows}u;`);
      expect(module).toContain("\nfn natural_exp("); // of a library that another one names
      expect(await faultOf(module)).toBeUndefined();
    }
    const spoilt = modules[0]!.replace("const INP_AT", "const INPUT_AT");
    expect(await faultOf(spoilt)).toContain("unresolved value 'INP_AT'");
  });

  it("prints a kernel's variants by the kernel's name, or one that is asked for", async () => {
    const args = ["wgsl", "conv2d-forward", "--recipe", "small", "--batch", "8"];
    const { out } = await longhand(...args, "--variant", "workgroup");
    const titles = out.match(/^\/\/ \d+ of \d+: .*$/gm)!;
    expect(titles.some((title) => title.includes(": conv2d-forward-workgroup, "))).toBe(true);
    for (const module of modulesIn(out)) expect(await faultOf(module)).toBeUndefined();
  });

  it("refuses a variant that the kernel doesn't have, before any adapter is opened", async () => {
    const wide = await longhand("wgsl", "matmul", "--variant", "wide");
    expect([wide.code, wide.err]).toEqual([
      2,
      'longhand: --variant wide: "matmul" has the variants tiled, workgroup, workgroup128, workgroup32, workgroup256, direct, lanes, split; name one of them\n',
    ]);
    const none = await longhand("wgsl", "adam", "--variant", "tiled");
    expect(none.err).toBe(
      'longhand: --variant tiled: "adam" has no variants; leave the flag out\n',
    );
  });
});

describe("the nearest name", () => {
  it("is the one with the fewest characters to change, add or take away", () => {
    expect(nearest("conv2d-foward", ["adam", "conv2d-forward", "conv2d-data-gradient"])).toBe(
      "conv2d-forward",
    );
    expect(nearest("", ["reduce", "move"])).toBe("move");
    expect(nearest("pol", ["pad", "pool"])).toBe("pool");
  });
});
