// The judge: it learns, with the same bits each time; it is kept completely; and its answer for an image doesn't depend
// on other images.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { judgeCommand } from "../../src/cli/commands/judge.ts";
import { findJudge, loadJudge, readJudge } from "../../src/runs/evaluation/judges.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { loadImages } from "../../src/data/files.ts";
import { CheckpointError, DataError, ShapeError } from "../../src/gpu/errors.ts";
import {
  designs,
  FEATURES,
  GOAL,
  LEARNING_RATE_SCALES,
  type Which,
} from "../../src/judge/designs.ts";
import { fromBytes } from "../../src/data/pixels.ts";
import {
  accuracyOf,
  createJudge,
  createNetworks,
  digitsOf,
  judgeImages,
  weightsOf,
  type KeptJudge,
} from "../../src/judge/judge.ts";
import { decodeJudge, encodeJudge, keepJudge } from "../../src/judge/kept.ts";
import {
  trainJudge,
  type JudgeProgress,
  type LabelledImages,
} from "../../src/judge/train-judge.ts";
import { messageOf } from "../support/message-of.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { testDevice } from "../support/device.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-judge-"));
process.env["MESA_SHADER_CACHE_DIR"] ??= process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
process.env["XDG_CACHE_HOME"] = join(folder, "cache");
const device = await testDevice();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [train, test10k] = await Promise.all([
  loadImages(undefined, "train"),
  loadImages(undefined, "test"),
]);

/** The first images of a set. */
function firstOf(set: LabelledImages, count: number): LabelledImages {
  const size = count * set.height * set.width;
  return {
    ...set,
    count,
    images: set.images.subarray(0, size),
    labels: set.labels?.subarray(0, count),
  };
}

const few = firstOf(test10k, 500);
const shown = fromBytes(few.images);

interface Lesson {
  readonly kept: KeptJudge;
  readonly reports: readonly JudgeProgress[];
}

/** Trains a judge for some steps, and keeps it. */
async function lesson(which: Which, steps: number, epochs = 1, seed = 5): Promise<Lesson> {
  const design = designs[which];
  const set = firstOf(train, (steps / epochs) * design.batch);
  const training = trainJudge(device, { design, train: set, test: few, seed, epochs });
  expect(training.steps).toBe(steps);
  const reports: JudgeProgress[] = [];
  for await (const progress of training.run()) reports.push(progress);
  const accuracy = reports.at(-1)!.accuracy!;
  const said = { which, accuracy, seed, epochs, adapter: "this one" };
  return { kept: await keepJudge(training.networks, said), reports };
}

// Running statistics lag behind weights that still change fast: the first judge's test accuracy comes later.
describe.each([
  ["first", 0.6],
  ["second", 0.8],
] as const)("the %s judge", (which, least) => {
  test("learns digits in some steps, and sees test images neither as training nor with dropout", async () => {
    const { kept, reports } = await lesson(which, 64);
    expect(reports[0]).toMatchObject({ step: 1, epoch: 1, accuracy: undefined });
    expect(reports[0]!.loss).toBeGreaterThan(1.8); // ln 10 is 2.3
    expect(reports.at(-1)!.step).toBe(64);
    expect(reports.at(-1)!.loss).toBeLessThan(reports[0]!.loss * 0.6);
    expect(kept.accuracy).toBeGreaterThan(least);
    const judged = await judgeImages(createJudge(device, kept), shown, few.count);
    expect(accuracyOf(judged, few.labels!)).toBe(kept.accuracy);
  });

  test("comes out the same, bit for bit, from the same seed, and another from another", async () => {
    const bits = async (seed: number): Promise<string> =>
      (await lesson(which, LEARNING_RATE_SCALES.length * 2, 2, seed)).kept.fingerprint;
    const [one, again, other] = [await bits(7), await bits(7), await bits(8)];
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });
});

test("the two judges share neither seed nor layers", () => {
  const [first, second] = (["first", "second"] as const).map((which) =>
    [...weightsOf(createNetworks(device, designs[which], 0))].map(([, { shape }]) => shape.join()),
  );
  expect(first).not.toEqual(second);
  expect(designs.first.seed).not.toBe(designs.second.seed);
});

describe("a judge's answers", () => {
  const { kept } = keptUntrained();
  const judge = createJudge(device, kept);

  test("are features and probabilities, each image's own", async () => {
    const all = await judgeImages(judge, shown, few.count);
    expect(all.features.length).toBe(few.count * FEATURES);
    expect(all.features.every((value) => value >= 0)).toBe(true);
    expect(all.features.some((value) => value > 0)).toBe(true);
    for (let i = 0; i < few.count; i += 1) {
      const row = all.probabilities.subarray(i * 10, i * 10 + 10);
      expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    }
    const told: number[] = [];
    const onProgress = (done: number): number => told.push(done);
    const part = shown.subarray(255 * 784, 256 * 784);
    const one = await judgeImages(judge, part, 1, 28, 28, onProgress);
    expect(told).toEqual([1]);
    expect(one.features).toEqual(all.features.slice(255 * FEATURES, 256 * FEATURES));
    expect(one.probabilities).toEqual(all.probabilities.slice(2550, 2560));
  });

  test("on larger images are those on the images resized", async () => {
    const large = new Float32Array(3 * 56 * 56);
    large.forEach((_, at) => {
      const [i, y, x] = [Math.floor(at / 3136), Math.floor((at % 3136) / 56), at % 56];
      large[at] = shown[i * 784 + Math.floor(y / 2) * 28 + Math.floor(x / 2)]!;
    });
    const plain = await judgeImages(judge, shown.subarray(0, 3 * 784), 3);
    const resized = await judgeImages(judge, large, 3, 56, 56); // each pixel the mean of four alike
    resized.features.forEach((value, i) => expect(value).toBeCloseTo(plain.features[i]!, 4));
    expect(digitsOf(resized)).toEqual(digitsOf(plain));
  });

  test("are none on no images, and refused on others than are said", async () => {
    expect((await judgeImages(judge, new Float32Array(0), 0)).features.length).toBe(0);
    const message = await messageOf(ShapeError, () => judgeImages(judge, shown, 1));
    expect(message).toMatch(/^judge: images must have 784 values for \(1, 28, 28\); got 392000/);
  });

  /** A judge with first weights. */
  function keptUntrained(): { kept: KeptJudge } {
    const weights = new Map(
      [...weightsOf(createNetworks(device, designs.second, 3))].map(([name, { size }], at) => [
        name,
        Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + at) / 8),
      ]),
    );
    const said = { which: "second", accuracy: 0.1, seed: 3, epochs: 0, adapter: "none" } as const;
    return { kept: { ...said, fingerprint: "", architecture: "", weights } };
  }
});

describe("a kept judge", () => {
  test("comes back whole, and is refused when it is another's", async () => {
    const { kept } = await lesson("second", 4);
    const bytes = await encodeJudge(kept);
    const read = await decodeJudge(bytes, "FILE");
    expect(read).toEqual({ ...kept, weights: new Map([...kept.weights].toSorted(byName)) });
    const ask = async (from: KeptJudge): Promise<Float32Array> =>
      (await judgeImages(createJudge(device, from), shown, few.count)).probabilities;
    expect(await ask(read)).toEqual(await ask(kept));

    const spoilt = Uint8Array.from(bytes);
    spoilt[bytes.length - 1000]! ^= 1;
    expect(await messageOf(CheckpointError, () => decodeJudge(spoilt, "FILE"))).toBe(
      "FILE: its weights aren't those that were saved: the file is damaged",
    );
    const wrong = { ...read, weights: new Map([["body.conv2d.filter", new Float32Array(3)]]) };
    expect(await messageOf(CheckpointError, () => createJudge(device, wrong))).toMatch(
      /^judge: body.conv2d.filter has 3 values, but this version's second judge has \d+; train it again$/,
    );

    const path = join(folder, "cache/longhand/judges/second.safetensors");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    const [loaded, said] = await listen(() => loadJudge(terminal, device, "second"));
    expect(said).toMatch(
      /gets only [\d.]+ % of the test images right: npm run judge -- --second --force/,
    );
    expect(loaded).toMatchObject({ name: "second", fingerprint: kept.fingerprint });

    const others = { ...kept, architecture: "another" };
    writeFileSync(path, await encodeJudge(others));
    expect(await messageOf(CheckpointError, () => loadJudge(terminal, device, "second"))).toBe(
      `${path}: was trained by a version with a different second judge; train it again: npm run judge -- --second --force`,
    );
    expect(readFileSync(path).equals(await encodeJudge(others))).toBe(true);
    const first = join(dirname(path), "first.safetensors");
    writeFileSync(first, bytes);
    expect(await messageOf(CheckpointError, () => loadJudge(terminal, device, "first"))).toContain(
      "holds the second judge, not the first one; train it again: npm run judge -- --force",
    );
    expect(
      await messageOf(CheckpointError, () => readJudge(join(folder, "none"), "first")),
    ).toMatch(/^Can't read .*none: .*; train it again: npm run judge -- --force$/);
  });

  test("is refused with a bit of its header flipped, or cut anywhere", async () => {
    const { kept } = await lesson("second", 2);
    const bytes = await encodeJudge(kept);
    const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const refused = async (spoilt: Uint8Array): Promise<boolean> =>
      decodeJudge(spoilt, "FILE").then(
        () => false,
        (error: unknown) => error instanceof CheckpointError,
      );
    const loads: number[] = [];
    for (let bit = 0; bit < header * 8; bit += 23) {
      const spoilt = Uint8Array.from(bytes);
      spoilt[bit >> 3]! ^= 1 << (bit & 7);
      if (!(await refused(spoilt))) loads.push(bit);
    }
    for (let at = bytes.length - 1; at > 0; at = Math.floor(at * 0.8)) {
      if (!(await refused(bytes.subarray(0, at)))) loads.push(at);
    }
    expect(loads).toEqual([]);
  });

  test("of an older version, without a seal, is read", async () => {
    const { kept } = await lesson("second", 2);
    const { weights, ...training } = kept;
    const tensors = new Map(
      [...weights].map(([name, data]) => [
        name,
        { dtype: "F32" as const, shape: [data.length], data },
      ]),
    );
    const words = Object.entries(training).map(([key, value]) => [key, String(value)]);
    const format = { format: "longhand judge 1" };
    const old = encodeSafetensors(tensors, { ...Object.fromEntries(words), ...format });
    expect(await decodeJudge(old, "FILE")).toMatchObject(training);
    const claims = encodeSafetensors(tensors, {
      ...Object.fromEntries(words),
      format: "longhand judge 2",
    });
    expect(await messageOf(CheckpointError, () => decodeJudge(claims, "FILE"))).toBe(
      "FILE: has no seal; it is damaged, or an older version's",
    );
  });

  test("is trained anew where it is damaged, which is said, and leftovers go", async () => {
    const data = join(folder, "data");
    mkdirSync(data);
    const { images, labels, count } = firstOf(train, designs.second.batch);
    for (const set of ["train", "t10k"]) {
      writeFileSync(join(data, `${set}-images-idx3-ubyte`), idxBytes([count, 28, 28], images));
      writeFileSync(join(data, `${set}-labels-idx1-ubyte`), idxBytes([count], labels!));
    }
    const path = join(folder, "cache/longhand/judges/second.safetensors");
    const folderOf = dirname(path);
    const again = { second: true, data, epochs: 1 };
    rmSync(folderOf, { recursive: true, force: true });
    const shipped = await findJudge("second");
    await listen(() => judgeCommand(again));
    const whole = readFileSync(path);
    expect((await findJudge("second")).path).toBe(path);
    const gone = String(spawnSync("true").pid);
    for (const damage of [whole.subarray(0, 900), whole.subarray(0, 0), flipped(whole, 200_000)]) {
      writeFileSync(path, damage);
      writeFileSync(`${path}.tmp-${gone}`, "");
      const [judge, loads] = await listen(() => loadJudge(terminal, device, "second"));
      expect(loads).toContain(": the second judge that ships is used instead; npm run judge");
      expect(judge.fingerprint).toBe(shipped.value.fingerprint);
      const [, said] = await listen(() => judgeCommand(again));
      expect(said).toContain(": the second judge is trained again.");
      expect(said).toContain(path);
      expect(readFileSync(path).equals(whole)).toBe(true);
      expect(readdirSync(folderOf)).toEqual(["second.safetensors"]);
    }
  });

  test.each(["first", "second"] as const)(
    "the %s ships, and is as good as it should be",
    async (which) => {
      rmSync(join(folder, "cache"), { recursive: true, force: true });
      const { path, value, trouble } = await findJudge(which);
      expect(path).toBe(
        fileURLToPath(new URL(`../../assets/judges/${which}.safetensors`, import.meta.url)),
      );
      expect(trouble).toBe(undefined);
      expect(value).toMatchObject({
        which,
        seed: designs[which].seed,
        epochs: designs[which].epochs,
      });
      expect(value.accuracy).toBeGreaterThanOrEqual(GOAL);
      const readme = readFileSync(join(dirname(path), "README.md"), "utf8");
      expect(readme).toContain(createHash("sha256").update(readFileSync(path)).digest("hex"));
      const { images, labels, count } = test10k;
      const { probabilities } = await judgeImages(createJudge(device, value), images, count);
      const right = labels!.filter((label, i) => {
        const each = probabilities.subarray(i * 10, (i + 1) * 10);
        return each.indexOf(Math.max(...each)) === label;
      });
      expect(right.length / count).toBeCloseTo(value.accuracy, 3);
    },
  );

  test("the page has the first one, too", () => {
    const [ours, pages] = ["assets/judges/first", "web/assets/judge"].map((name) =>
      readFileSync(new URL(`../../${name}.safetensors`, import.meta.url)),
    );
    expect(pages!.equals(ours!)).toBe(true);
  });

  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 32 : byte));

  /** What `work` returns, and what was said meanwhile. */
  async function listen<T>(work: () => Promise<T>): Promise<[T, string]> {
    const say = vi.spyOn(console, "log").mockReturnValue();
    try {
      const value = await work();
      return [value, say.mock.calls.join("\n")];
    } finally {
      say.mockRestore();
    }
  }

  const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
    a < b ? -1 : 1;
});

describe("what a judge can't learn from is refused", () => {
  const labels = Uint8Array.from({ length: 96 }, (_, i) => i % 10);
  const set = { images: new Uint8Array(96 * 784), labels, count: 96, height: 28, width: 28 };
  test.each([
    [{ ...set, height: 32 }, "judge: the training images are 32×28, but a judge learns from 28×28"],
    [{ ...set, labels: undefined }, "judge: the training images have no labels; put their"],
    [{ ...set, labels: labels.map((l) => l + 1) }, "judge: the training labels have a class 10; "],
    [{ ...set, count: 95 }, "judge: 95 training images are fewer than a batch of 96; give more"],
  ])("%#", async (bad, says) => {
    const options = { design: designs.first, train: bad, test: few };
    expect(await messageOf(DataError, () => trainJudge(device, options))).toContain(says);
  });
});
