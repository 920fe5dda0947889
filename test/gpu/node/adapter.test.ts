// Opening an adapter on Node, for real: child processes, the real Dawn and the real SwiftShader. What depends on the
// machine is emulated by the Vulkan loader's environment and files.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { doctor } from "../../../src/cli/words/doctor.ts";
import type { ListedAdapter } from "../../../src/gpu/adapter-words.ts";
import { inOrderOfChoice, kindOf, lineOf, nameOf, serves } from "../../../src/gpu/adapter-words.ts";
import { AdapterError } from "../../../src/gpu/errors.ts";
import { listAdapters, openAdapter, shaderText } from "../../../src/gpu/node/adapter.ts";
import {
  CAN_UNSHARE,
  EMBEDDED,
  newFolder,
  open,
  run,
  said,
} from "../../support/adapter-process.ts";

const NO_DRIVERS = { VK_DRIVER_FILES: "/nowhere/icd.json" };
const CAN_COMPILE = spawnSync("cc", ["--version"]).status === 0;

describe.runIf(EMBEDDED)("auto", () => {
  const swiftshader = {
    code: 0,
    kind: "swiftshader",
    line: expect.stringMatching(/^SwiftShader.*on the CPU.*lavapipe.*GPU.*$/),
  };

  test("falls to SwiftShader where Vulkan has no driver", async () => {
    expect(said(await run(open(""), NO_DRIVERS))).toMatchObject(swiftshader);
  });

  const driverFile = (library: string): string => {
    const file = join(newFolder(), "icd.json");
    const driver = { library_path: library, api_version: "1.3.0" };
    writeFileSync(file, JSON.stringify({ file_format_version: "1.0.0", ICD: driver }));
    return file;
  };

  test("falls to SwiftShader where the driver is broken", async () => {
    const library = join(newFolder(), "driver.so");
    writeFileSync(library, "not a library");
    const ran = await run(open('"auto"'), { VK_DRIVER_FILES: driverFile(library) });
    expect(said(ran)).toMatchObject(swiftshader);
  });

  test.runIf(CAN_COMPILE)("falls to SwiftShader where the driver crashes", async () => {
    const library = join(newFolder(), "driver.so");
    const source = "#include <stdlib.h>\nvoid *vk_icdGetInstanceProcAddr(void) { abort(); }";
    spawnSync("cc", ["-shared", "-fPIC", "-x", "c", "-", "-o", library], { input: source });
    const ran = await run(open('"auto"'), { VK_DRIVER_FILES: driverFile(library) });
    expect(said(ran)).toMatchObject(swiftshader);
    expect(said(ran)).toMatchObject({ line: expect.stringContaining("crashes (SIGABRT)") });
  });

  test.runIf(CAN_UNSHARE)("falls to SwiftShader where there is no Vulkan at all", async () => {
    // Hides the loader and every driver file from the process alone.
    const hide =
      "for f in $(ls /lib*/libvulkan.so.1 /lib/*/libvulkan.so.1 /usr/lib*/libvulkan.so.1 /usr/lib/*/libvulkan.so.1 2>/dev/null); do mount --bind /dev/null $f; done; for d in /usr/share/vulkan /etc/vulkan; do if [ -d $d ]; then mount -t tmpfs none $d; fi; done";
    expect(said(await run(open('"auto"'), {}, hide))).toMatchObject(swiftshader);
  });

  test("is told by LONGHAND_ADAPTER, unless a request is made", async () => {
    const env = { ...NO_DRIVERS, LONGHAND_ADAPTER: "nonesuch" };
    expect(JSON.parse((await run(open(""), env)).stdout).message).toMatch(
      /no adapter matches "nonesuch"/,
    );
    expect(said(await run(open('"swiftshader"'), env))).toMatchObject(swiftshader);
  });
});

describe.runIf(EMBEDDED)("requests", () => {
  test("an unknown name lists the adapters in reach, in one line", async () => {
    const { code, stdout } = await run(open('"GeForce 9"'), NO_DRIVERS);
    const { error, message } = JSON.parse(stdout);
    expect({ code, error }).toEqual({ code: 0, error: "AdapterError" });
    expect(message).toMatch(
      /^no adapter matches "GeForce 9"; available: "SwiftShader.*"; or use auto, gpu, software or swiftshader$/,
    );
  });

  test("part of a name in any case is enough", async () => {
    const { stdout } = await run(open('"sparticuz/CHROM"'), NO_DRIVERS);
    expect(JSON.parse(stdout).kind).toBe("swiftshader");
  });

  test("gpu refuses anything on the CPU", async () => {
    const { stdout } = await run(open('"gpu"'), NO_DRIVERS);
    const { error, message } = JSON.parse(stdout);
    expect(error).toBe("AdapterError");
    expect(message).toMatch(/^no GPU is available .*install its driver.*$/);
  });

  test("null is opened when asked for, and only then", async () => {
    const asked = JSON.parse((await run(open('"null"'))).stdout);
    expect(asked.kind).toBe("null");
    expect(asked.line).toContain("runs NOTHING");
    for (const request of ["auto", "software", "nul"]) {
      const env = { ...NO_DRIVERS, DAWNNODE_BACKEND: "null" };
      const ran = await run(open(JSON.stringify(request)), env);
      const expected = request === "nul" ? { error: "AdapterError" } : { kind: "swiftshader" };
      expect(said(ran)).toMatchObject(expected);
    }
  });

  test("leaves the environment as it was", async () => {
    const body = `const before = { ...process.env }; const { release } = await openAdapter("swiftshader"); say([before, process.env]); release();`;
    const [before, after] = JSON.parse((await run(body)).stdout);
    expect(after).toEqual(before);
  });
});

describe.runIf(EMBEDDED)("in one process", () => {
  test("an open adapter is shared, another is refused, and after release another opens", async () => {
    const [first, second] = await Promise.all([
      openAdapter("swiftshader"),
      openAdapter("software"),
    ]);
    expect(second.name).toBe(first.name);
    // Each is an adapter of its own: WebGPU makes one device of each.
    const devices = await Promise.all([
      first.adapter.requestDevice(),
      second.adapter.requestDevice(),
    ]);
    for (const device of devices) device.destroy();
    first.release();
    first.release();
    await expect(openAdapter("null")).rejects.toThrow(AdapterError);
    await expect(openAdapter("gpu")).rejects.toThrow(
      /already runs on SwiftShader.*another process$/,
    );
    second.release();
    const other = await openAdapter("null");
    expect(other.kind).toBe("null");
    other.release();
  });

  test("every adapter in the list opens by its name", async () => {
    const adapters = await listAdapters();
    expect(adapters.at(-1)?.kind).toBe("swiftshader");
    expect(adapters.some(({ kind }) => kind === "null")).toBe(false);
    for (const { name, kind } of adapters) {
      const opened = await openAdapter(name);
      expect({ name: opened.name, kind: opened.kind }).toEqual({ name, kind });
      expect(opened.adapter.info.isFallbackAdapter).toBe(kind !== "gpu");
      opened.release();
    }
  });

  test("auto opens the first adapter in the list", async () => {
    const opened = await openAdapter("auto");
    opened.release();
    expect(opened.name).toBe((await listAdapters())[0]?.name);
  });

  test("doctor reports, marks what is picked, and lets go", async () => {
    let text = "";
    const write = (piece: string): void => void (text += piece);
    await doctor({ adapter: "swiftshader", write });
    expect(text).toMatch(/^ +→ +SwiftShader, from/m);
    for (const title of [
      "Versions",
      "Adapters in reach",
      "Picked",
      "Features",
      "Limits",
      "Embedded SwiftShader",
      "For more speed",
    ]) {
      expect(text).toMatch(new RegExp(`^${title}$`, "m"));
    }
    expect(text).toMatch(/maxStorageBufferBindingSize +\S+ \S+ +128 MiB/);
    text = "";
    await expect(doctor({ adapter: "nonesuch", write })).rejects.toThrow(AdapterError);
    expect(text).toMatch(/^For more speed$/m);
  });
});

test("a shader that isn't there is an error that names its path", () => {
  expect(() => shaderText("nonesuch.wgsl")).toThrow(/shaders[/\\]nonesuch\.wgsl/);
});

describe("words", () => {
  const adapter = (
    device: string,
    kind: ListedAdapter["kind"],
    backend = "vulkan",
  ): ListedAdapter => ({ name: device, kind, backend, device });

  test("kinds", () => {
    expect(kindOf("vulkan", "NVIDIA GeForce RTX 3090", false)).toBe("gpu");
    expect(kindOf("vulkan", "llvmpipe (LLVM 15.0.6, 256 bits)", true)).toBe("software");
    expect(kindOf("opengl", "llvmpipe (LLVM 15.0.6, 256 bits)", false)).toBe("software");
    expect(kindOf("d3d12", "Microsoft Basic Render Driver", true)).toBe("software");
    expect(kindOf("null", "", false)).toBe("null");
  });

  test("names carry the driver's version", () => {
    expect(
      nameOf(
        "llvmpipe (LLVM 15.0.6, 256 bits)",
        "llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1",
      ),
    ).toBe("llvmpipe (LLVM 15.0.6, 256 bits), Mesa 25.0.7");
    expect(nameOf("NVIDIA GeForce RTX 3090", "NVIDIA: 550.120 550.120.0.0")).toBe(
      "NVIDIA GeForce RTX 3090, driver 550.120",
    );
    expect(nameOf("Apple M1 Max", "Metal driver on macOS Version 14.4 (Build 23E214)")).toBe(
      "Apple M1 Max, macOS 14.4",
    );
    expect(nameOf("Intel(R) Arc(TM)", "")).toBe("Intel(R) Arc(TM)");
  });

  test("order: GPU, software, SwiftShader; whole WebGPU before part of it; Dawn's order otherwise", () => {
    const listed = [
      adapter("llvmpipe", "software"),
      adapter("discrete", "gpu", "opengles"),
      adapter("discrete", "gpu"),
      adapter("integrated", "gpu"),
      adapter("SwiftShader", "swiftshader"),
    ];
    expect(inOrderOfChoice(listed).map(({ device, backend }) => `${device} ${backend}`)).toEqual([
      "discrete vulkan",
      "integrated vulkan",
      "discrete opengles",
      "llvmpipe vulkan",
      "SwiftShader vulkan",
    ]);
  });

  test("requests", () => {
    const gpu = adapter("NVIDIA GeForce RTX 3090", "gpu");
    const none = adapter("Dawn's null backend", "null", "null");
    expect(["auto", "gpu", "geforce", "RTX 3090"].map((request) => serves(gpu, request))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(
      ["software", "swiftshader", "null", "radeon"].map((request) => serves(gpu, request)),
    ).toEqual([false, false, false, false]);
    expect(["null", "auto", "gpu", "dawn"].map((request) => serves(none, request))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("every line on the CPU says so, on a GPU it doesn't", () => {
    expect(lineOf(adapter("llvmpipe", "software"))).toMatch(/CPU; a GPU would be far faster/);
    expect(lineOf(adapter("SwiftShader", "swiftshader"))).toMatch(/on the CPU; .*lavapipe/);
    expect(lineOf(adapter("NVIDIA GeForce RTX 3090", "gpu"))).not.toMatch(/CPU/);
  });
});
