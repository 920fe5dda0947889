// The device and its programs: traces, plans, scopes, and what happens when something goes wrong.
import { describe, expect, it } from "vitest";
import type { GpuArray } from "../../src/gpu/array.ts";
import { openDevice, type Device } from "../../src/gpu/device.ts";
import {
  AttributeError,
  DeviceLostError,
  GpuError,
  MemoryError,
  ShapeError,
  TraceError,
} from "../../src/gpu/errors.ts";
import { openAdapter, shaderText } from "../../src/gpu/node/adapter.ts";
import { compile } from "../../src/gpu/program.ts";
import {
  bindingsOf,
  joinedText,
  librariesOf,
  specialise,
  type Constant,
} from "../../src/gpu/shader.ts";
import { binary } from "../../src/kernels/binary.ts";
import { unary } from "../../src/kernels/unary.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const row = (...values: number[]): GpuArray =>
  device.upload(Float32Array.from(values), [values.length], "f32");

/** A device of its own, for a test that breaks it. */
async function otherDevice(
  eagerByteBudget?: number,
): Promise<{ other: Device; close: () => void }> {
  const { adapter, kind, release } = await openAdapter();
  const budget = eagerByteBudget === undefined ? {} : { eagerByteBudget };
  const other = await openDevice({ adapter, shaderText, software: kind !== "gpu", ...budget });
  const close = (): void => {
    other.destroy();
    release();
  };
  return { other, close };
}

describe("programs", () => {
  it("drop what nobody reads, and keep what writes to captured arrays", async () => {
    const x = row(1, 2, 3);
    const state = device.persistent([3]);
    const program = await compile(device, "p", () => {
      unary("exp", x); // dead
      const y = unary("square", x);
      unary("neg", unary("exp", y)); // dead, both
      device.moveInto(binary("add", y, x), state);
      return { out: unary("neg", y) };
    });
    expect(program.plan.dropped).toBe(3);
    expect(program.plan.dispatches.map(({ label }) => label)).toEqual([
      "unary.forward",
      "binary.binary",
      "unary.forward",
    ]);
    await program.run();
    expect([...(await program.outputs.out.read())]).toEqual([-1, -4, -9]);
    expect([...(await state.read())]).toEqual([2, 6, 12]);
    expect(program.explain().dropped).toBe(3);
  });

  it("see new values of captured arrays at each run", async () => {
    const x = row(1, 2, 3);
    const program = await compile(device, "p", () => ({ out: unary("square", x) }));
    for (const first of [1, 5]) {
      x.write(Float32Array.of(first, 2, 3));
      await program.run();
      expect([...(await program.outputs.out.read())]).toEqual([first ** 2, 4, 9]);
    }
  });

  it("share buffers between temporaries whose lives don't overlap, across programs too", async () => {
    const x = device.upload(new Float32Array(1000).fill(1.001), [1000], "f32");
    const chain = (): { out: GpuArray } => {
      let y = x;
      for (let i = 0; i < 12; i += 1) y = unary("square", y);
      return { out: y };
    };
    const before = device.programBuffers.length;
    const shared = await compile(device, "shared", chain);
    const apart = await compile(device, "apart", chain, { share: false });
    const again = await compile(device, "again", chain);
    expect(device.programBuffers.length - before).toBeLessThanOrEqual(2);
    expect(apart.plan.slots.length).toBe(11);
    for (const program of [shared, apart, again]) await program.run();
    const expected = await apart.outputs.out.read();
    expect(await shared.outputs.out.read()).toEqual(expected);
    expect(await again.outputs.out.read()).toEqual(expected);
  });

  it("split into several submits give the same values", async () => {
    const x = row(1, 2, 3);
    const program = await compile(device, "p", () => ({ out: unary("neg", unary("square", x)) }));
    program.parts = 2;
    await program.run();
    expect([...(await program.outputs.out.read())]).toEqual([-1, -4, -9]);
  });

  it("refuse to read inside a trace, to trace inside a trace, and to return nothing", async () => {
    const reading: Promise<unknown>[] = [];
    const reasonOf = (reason: unknown): unknown => reason;
    const x = row(1);
    await compile(device, "p", () => {
      const out = unary("neg", x);
      reading.push(out.read().catch(reasonOf));
      expect(() => device.record("inner", () => undefined)).toThrow(TraceError);
      return { out };
    });
    const reason = await reading[0];
    expect(reason).toBeInstanceOf(TraceError);
    expect(String(reason)).toContain("return it from the program");
    expect(device.tracing).toBe(false);
  });

  it("leave the device usable when the traced function throws", async () => {
    const bad = compile(device, "p", () => ({ out: binary("add", row(1, 2), row(1, 2, 3)) }));
    await expect(bad).rejects.toThrow(ShapeError);
    expect([...(await unary("neg", row(1)).read())]).toEqual([-1]);
  });
});

describe("scopes and memory", () => {
  it("give back everything but the result", async () => {
    const x = row(1, 2, 3);
    const before = device.eagerBytes;
    let lost: GpuArray | undefined;
    const kept = device.scope(() => {
      lost = unary("square", x);
      return { deep: [unary("neg", lost)] };
    });
    expect(device.eagerBytes - before).toBe(256);
    expect([...(await kept.deep[0]!.read())]).toEqual([-1, -4, -9]);
    await expect(lost!.read()).rejects.toThrow(/freed at the end of its scope/);
  });

  it("stop an eager loop that outgrows its budget, and name scope", async () => {
    const { other, close } = await otherDevice(10_000);
    try {
      const x = other.upload(new Float32Array(256), [256], "f32");
      for (let i = 0; i < 100; i += 1) other.scope(() => void unary("neg", x));
      const loop = (): void => {
        const kept: GpuArray[] = [];
        for (let i = 0; i < 100; i += 1) kept.push(unary("neg", x));
      };
      expect(loop).toThrow(MemoryError);
      expect(loop).toThrow(/scope\(/);
    } finally {
      close();
    }
  });

  it("refuse wrong counts, foreign devices and unaligned views in one line", async () => {
    expect(() => device.upload(new Float32Array(3), [2, 2], "f32")).toThrow(ShapeError);
    expect(() => row(1, 2).write(Float32Array.of(1))).toThrow(ShapeError);
    expect(() => device.viewAt(row(1, 2, 3, 4), 2, [2])).toThrow(ShapeError);
    expect(() => device.viewAt(row(1, 2, 3, 4), 4, [4])).toThrow(ShapeError);
    expect(() => row(1, 2).view([3])).toThrow(ShapeError);
    const { other, close } = await otherDevice();
    const foreign = other.upload(Float32Array.of(1), [1], "f32");
    expect(() => binary("add", row(1), foreign)).toThrow(AttributeError);
    close();
  });

  it("copy into a place word by word, and no further", async () => {
    const arena = row(...Array.from({ length: 200 }, () => -1));
    device.moveInto(
      row(...Array.from({ length: 70 }, (_, i) => i)),
      device.viewAt(arena, 4 * 64, [70]),
    );
    const expected = Float32Array.from({ length: 200 }, (_, i) =>
      i < 64 || i > 133 ? -1 : i - 64,
    );
    expect(await arena.read()).toEqual(expected);
  });

  it("copy packed bytes into a place, and no neighbour's", async () => {
    const bytes = (length: number, at: (i: number) => number): GpuArray =>
      device.upload(
        Uint8Array.from({ length }, (_, i) => at(i)),
        [length],
        "u8",
      );
    const arena = bytes(64, () => 255);
    device.moveInto(
      bytes(8, (i) => i),
      device.viewAt(arena, 16, [8], "u8"),
    );
    const expected = Uint8Array.from({ length: 64 }, (_, i) => (i < 16 || i > 23 ? 255 : i - 16));
    expect(await arena.read("u8")).toEqual(expected);
  });

  it("start views at any word", async () => {
    const all = row(...Array.from({ length: 200 }, (_, i) => i));
    const part = device.viewAt(all, 4 * 67, [100]);
    expect(await part.read()).toEqual(Float32Array.from({ length: 100 }, (_, i) => i + 67));
    const negated = unary("neg", part);
    expect(await negated.read()).toEqual(Float32Array.from({ length: 100 }, (_, i) => -i - 67));
  });

  it("take host data on shared memory and of odd lengths", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(12));
    shared.set([1, 2, 3]);
    const x = device.persistent([3]);
    x.write(shared);
    expect([...(await x.read())]).toEqual([1, 2, 3]);
    const bytes = device.upload(Uint8Array.of(1, 2, 3, 4, 5), [5], "u8");
    expect([...(await device.read(bytes, "u8"))]).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("faults", () => {
  it("a GPU error is fatal and names the dispatch", async () => {
    const { other, close } = await otherDevice();
    const x = other.upload(Float32Array.of(1, 2), [2], "f32");
    const out = other.empty([2]);
    const shared = { shader: "unary", constants: { COUNT: 2 }, workgroups: [1, 1, 1] } as const;
    // Found before WebGPU sees it, since WebGPU's own words would name no dispatch.
    const aliased = { ...shared, entry: "forward", bind: { inp: x, out: x } };
    expect(() => other.launch(aliased)).toThrow(
      /unary\.forward: must not both read and write data/,
    );
    // A binding that the entry point needs is left out: only WebGPU notices.
    other.launch({ ...shared, entry: "backward", bind: { dout: x, dinp: out } });
    await expect(x.read()).rejects.toThrow(GpuError);
    await expect(x.read()).rejects.toThrow(/unary\.backward/);
    expect(() => unary("neg", x)).toThrow(GpuError); // and stays so
    close();
  });

  it("a lost device rejects with a typed error", async () => {
    const { other, close } = await otherDevice();
    const x = other.upload(Float32Array.of(1, 2), [2], "f32");
    const program = await compile(other, "p", () => ({ out: unary("neg", x) }));
    await program.run();
    other.destroy();
    await other.gpu.lost;
    await expect(program.run()).rejects.toThrow(DeviceLostError);
    await expect(x.read()).rejects.toThrow(DeviceLostError);
    expect(() => unary("neg", x)).toThrow(/checkpoint/);
    close();
  });

  it("a launch past the device's workgroups is refused", () => {
    const x = row(1);
    const workgroups = [device.maxWorkgroups + 1, 1, 1] as const;
    const launch = { shader: "unary", entry: "forward", constants: { COUNT: 1 }, workgroups };
    expect(() => device.launch({ ...launch, bind: { inp: x, out: row(2) } })).toThrow(GpuError);
  });
});

describe("shaders", () => {
  const text = `// x
const COUNT = 64u; // how many
const SCALE = 1f;
const FLAG = true;
const OP = ADD;
const SHAPE = array<u32, 2>(1u, 1u);
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(0) var<storage, read> inp: array<f32>;`;

  it("take constants by name, in the type of their default", () => {
    const special = (constants: Readonly<Record<string, Constant>>): string =>
      specialise(text, { constants }, "x.wgsl");
    const made = special({ COUNT: 7, SCALE: 0.1, FLAG: false, OP: "MUL", SHAPE: [2, 3] });
    expect(made).toContain("const COUNT = 7u; // how many");
    expect(made).toContain("const SCALE = 0.10000000149011612f;");
    expect(made).toContain("const FLAG = false;");
    expect(made).toContain("const OP = MUL;");
    expect(made).toContain("const SHAPE = array<u32, 2>(2u, 3u);");
    expect(() => special({ MISSING: 1 })).toThrow(/MISSING/);
    expect(() => special({ SCALE: Number.NaN })).toThrow(/not finite/);
    expect(() => special({ SHAPE: [1] })).toThrow(/SHAPE/);
  });

  it("are told where each array starts", () => {
    const made = specialise(text, { constants: {}, starts: { inp: 12 } }, "x.wgsl");
    expect(made.match(/^const \w+_AT = .*$/gm)).toEqual([
      "const OUT_AT = 0u;",
      "const INP_AT = 12u;",
    ]);
  });

  it("come with their libraries, and those of theirs, each once", () => {
    const files: Readonly<Record<string, string>> = {
      "x.wgsl": `${text}\n// INPUT_AT\n// appended: lib/a.wgsl\n// appended: lib/b.wgsl`,
      "lib/a.wgsl": "// a\n// appended: lib/c.wgsl",
      "lib/b.wgsl": "// b\n// appended: lib/c.wgsl\n// appended: lib/a.wgsl",
      "lib/c.wgsl": "const LAST = OUT_AT + 1u;",
    };
    const read = (path: string): string => files[path]!;
    expect(librariesOf("x.wgsl", read)).toEqual(["lib/a.wgsl", "lib/c.wgsl", "lib/b.wgsl"]);
    const parts = ["x.wgsl", "lib/a.wgsl", "lib/c.wgsl", "lib/b.wgsl"];
    expect(joinedText("x.wgsl", read)).toBe(parts.map(read).join("\n"));
    const misspelt = (path: string): string => read(path).replace("OUT_AT", "OUTPUT_AT");
    expect(() => joinedText("x.wgsl", misspelt)).toThrow(
      /^lib\/c\.wgsl: OUTPUT_AT is the start of no/,
    );
  });

  it("say which bindings they have", () => {
    expect(bindingsOf(text)).toEqual([
      { name: "out", binding: 3, access: "read_write", read: false },
      { name: "inp", binding: 0, access: "read", read: true },
    ]);
  });
});
