// A run on images with exchanged rows and columns keeps them exchanged when it is resumed, whatever its files are then
// called.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { draftResumed, draftRun } from "../../src/runs/training/draft-run.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { readRunRecord } from "../../src/runs/run-folder.ts";
import { messageOf } from "../support/message-of.ts";
import { idxBytes } from "../support/idx-bytes.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-transpose-"));
afterAll(() => rmSync(root, { recursive: true }));

const bytes = idxBytes(
  [4, 2, 3],
  Uint8Array.from({ length: 24 }, (_, i) => i * 9),
);
const data = join(root, "data");
mkdirSync(data);
writeFileSync(join(data, "emnist-digits-train-images-idx3-ubyte"), bytes);

/** A run's folder with a record that says this of its data. */
function run(name: string, of: Record<string, unknown>): string {
  const path = join(root, name);
  mkdirSync(path);
  const record = {
    format: 1,
    recipe: "small",
    batch: 4,
    seed: 0,
    stepsPerEpoch: 1,
    adapter: "none",
    versions: {},
    untrained: { logit: 0, probability: 0.5 },
    data: of,
  };
  writeFileSync(join(path, "run.json"), JSON.stringify(record));
  return path;
}

test("the record keeps it, older records mean images as they are, and --resume keeps what it finds", async () => {
  const turned = await draftRun({ data, out: join(root, "new") });
  turned.claim?.release();
  expect([turned.data.transposed, turned.data.height]).toEqual([true, 3]);
  expect(turned.notes.join()).toMatch(/rows and columns of each image are exchanged/);
  const plain = await draftRun({ data, out: join(root, "new"), transpose: false });
  plain.claim?.release();
  expect([plain.data.transposed, plain.data.height]).toEqual([false, 2]);

  const of = (draft: typeof turned): Record<string, unknown> => ({
    folder: data,
    images: 4,
    fingerprint: draft.data.fingerprint,
  });
  const newer = run("newer", { ...of(turned), transposed: true });
  const older = run("older", of(plain));
  expect(readRunRecord(older).data.transposed).toBe(false);
  for (const [path, transposed] of [
    [newer, true],
    [older, false],
  ] as const) {
    const resumed = await draftResumed({ resume: path });
    resumed.claim?.release();
    expect(resumed.data.transposed).toBe(transposed);
    const others = resumed.notes.filter((note) => !note.startsWith("Recipe small with "));
    expect(others).toEqual([]); // that the images have changed, above all
    (await draftResumed({ resume: path, transpose: transposed })).claim?.release();
    const other = (): Promise<unknown> => draftResumed({ resume: path, transpose: !transposed });
    expect(await messageOf(UsageError, other)).toMatch(
      /transpose: the run in .* takes its images' rows and columns .*, which --resume keeps; /,
    );
  }
});
