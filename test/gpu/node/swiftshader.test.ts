// The SwiftShader that npm installs: unpacked into the cache, verified before it is loaded, repaired, shared.
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  CAN_UNSHARE,
  COMPUTE,
  EMBEDDED,
  moveTemporary,
  newFolder,
  open,
  run,
  said,
  SQUARES,
} from "../../support/adapter-process.ts";

const NODE_URL = new URL("../../../src/gpu/node/adapter.ts", import.meta.url).href;

describe.runIf(EMBEDDED)("the embedded SwiftShader", () => {
  test("unpacks into an empty cache, computes, and the process ends by itself", async () => {
    const cache = newFolder();
    const { code, stdout, stderr } = await run(COMPUTE, { XDG_CACHE_HOME: cache });
    expect({ code, stderr, out: JSON.parse(stdout) }).toEqual({
      code: 0,
      stderr: "",
      out: SQUARES,
    });
    const [folder = "", ...others] = readdirSync(join(cache, "longhand"));
    expect(others).toEqual([]);
    expect(folder).toMatch(/^swiftshader-\d+\.\d+\.\d+$/);
    expect(readdirSync(join(cache, "longhand", folder)).sort()).toEqual([
      "libvk_swiftshader.so",
      "libvulkan.so.1",
      "manifest.json",
      "vk_swiftshader_icd.json",
    ]);
  });

  test("is unpacked once and whole when several processes come at once", async () => {
    const cache = newFolder();
    const runs = await Promise.all([1, 2, 3, 4].map(() => run(COMPUTE, { XDG_CACHE_HOME: cache })));
    for (const { code, stdout } of runs)
      expect({ code, out: JSON.parse(stdout) }).toEqual({ code: 0, out: SQUARES });
    expect(readdirSync(join(cache, "longhand"))).toHaveLength(1);
  });

  test("mends a cache that something swept", async () => {
    const cache = newFolder();
    await run(open('"swiftshader"'), { XDG_CACHE_HOME: cache });
    const [folder = ""] = readdirSync(join(cache, "longhand"));
    rmSync(join(cache, "longhand", folder, "libvk_swiftshader.so"));
    const { stdout } = await run(COMPUTE, { XDG_CACHE_HOME: cache });
    expect(JSON.parse(stdout)).toEqual(SQUARES);
    expect(readdirSync(join(cache, "longhand"))).toEqual([folder]);
  });

  test("goes to the temporary folder when the cache can't be written", async () => {
    const temporary = newFolder();
    const blocked = join(newFolder(), "file");
    writeFileSync(blocked, "");
    const { stdout } = await run(moveTemporary(temporary) + COMPUTE, { XDG_CACHE_HOME: blocked });
    expect(JSON.parse(stdout)).toEqual(SQUARES);
    expect(readdirSync(temporary)).toEqual([`longhand-${process.getuid?.()}`]);
  });

  test("says in one line when there is nowhere to unpack it", async () => {
    const blocked = join(newFolder(), "file");
    writeFileSync(blocked, "");
    const { stdout } = await run(moveTemporary(blocked) + open('"swiftshader"'), {
      XDG_CACHE_HOME: blocked,
    });
    const { error, message } = JSON.parse(stdout);
    expect(error).toBe("AdapterError");
    expect(message).toMatch(
      /^the embedded SwiftShader can't be unpacked .*set XDG_CACHE_HOME to .*$/,
    );
  });

  // A cut library kills the process that loads it; one with a wrong byte may do anything.
  test.each([
    ["cut", (path: string) => truncateSync(path, 4096), /doesn't have the size/],
    ["changed in a bit", (path: string) => flip(path, 3_000_000), /doesn't have the bytes/],
  ])("is made anew where its library is %s, which is said", async (_, damage, says) => {
    const cache = newFolder();
    const env = { XDG_CACHE_HOME: cache };
    const first = said(await run(open('"swiftshader"'), env));
    const [folder = ""] = readdirSync(join(cache, "longhand"));
    const library = join(cache, "longhand", folder, "libvk_swiftshader.so");
    const whole = readFileSync(library);
    damage(library);
    const second = said(await run(open('"swiftshader"'), env));
    expect(second).toMatchObject({
      code: 0,
      kind: "swiftshader",
      line: expect.stringMatching(says),
    });
    expect(readFileSync(library).equals(whole)).toBe(true);
    expect(said(await run(open('"swiftshader"'), env))).toEqual(first);
    damage(library);
    const nothing = { VK_DRIVER_FILES: "/nowhere/icd.json" };
    const survey = `const { surveyAdapters } = await import(${JSON.stringify(NODE_URL)}); await surveyAdapters();`;
    const surveyed = await run(survey + open('"auto"'), { ...env, ...nothing });
    expect(said(surveyed)).toMatchObject({ line: expect.stringMatching(says) });
  });

  test.runIf(CAN_UNSHARE)(
    "in a cache that is read only is used while whole, else left alone",
    async () => {
      const [cache, temporary] = [newFolder(), newFolder()];
      const env = { XDG_CACHE_HOME: cache };
      await run(open('"swiftshader"'), env);
      const library = join(
        cache,
        "longhand",
        readdirSync(join(cache, "longhand"))[0]!,
        "libvk_swiftshader.so",
      );
      const lock = `mount --bind ${cache} ${cache} && mount -o remount,bind,ro ${cache}`;
      const ask = async (): Promise<unknown> =>
        said(await run(moveTemporary(temporary) + open('"swiftshader"'), env, lock));
      expect(await ask()).toMatchObject({ code: 0, kind: "swiftshader" });
      expect(readdirSync(temporary)).toEqual([]);
      truncateSync(library, 4096);
      expect(await ask()).toMatchObject({ code: 0, kind: "swiftshader" });
      expect(readdirSync(temporary)).toEqual([`longhand-${process.getuid?.()}`]);
      expect(statSync(library).size).toBe(4096);
    },
  );
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 16;
  writeFileSync(path, bytes);
}
