// Files of `torch.save`, written by PyTorch 1.13 (test/fixtures/torch): tensors are read, and nothing else is run.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parsePt } from "../../src/formats/torch/read-pt.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";

const fixture = (name: string): Uint8Array =>
  readFileSync(join(import.meta.dirname, "../fixtures/torch", name));
const refused = (bytes: Uint8Array): Promise<string> =>
  messageOf(CheckpointError, () => parsePt(bytes, "f.pt"));

describe("a file of torch.save", () => {
  it("holds tensors, whatever part of a storage each is, and in whatever order", () => {
    const { tensors } = parsePt(fixture("views.pt"), "f.pt");
    const plain = Object.fromEntries(
      [...tensors].map(([name, { shape, data }]) => [name, [shape, ...data]]),
    );
    expect(plain).toEqual({
      plain: [[2, 3], 0, 1, 2, 3, 4, 5],
      turned: [[3, 2], 0, 3, 1, 4, 2, 5],
      row: [[3], 3, 4, 5],
      count: [[], 7n],
    });
  });

  it("may be the state dict of any module", () => {
    const { tensors } = parsePt(fixture("layers.pt"), "f.pt");
    const shapes = [...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape}`);
    expect(shapes).toEqual([
      "0.weight F32 3,2",
      "0.bias F32 3",
      "1.weight F32 3",
      "1.bias F32 3",
      "1.running_mean F32 3",
      "1.running_var F32 3",
      "1.num_batches_tracked I64 ",
    ]);
  });

  it("runs nothing: what else it holds is refused by name", async () => {
    const save = "save the state dict alone: torch.save(model.state_dict(), path)";
    expect(await refused(fixture("evil.pt"))).toBe(
      `f.pt: calls "posix.system"; only tensors are read; ${save}`,
    );
    expect(await refused(fixture("training.pt"))).toBe(
      `f.pt: holds "epoch", which is no tensor; ${save}`,
    );
    expect(await refused(fixture("half.pt"))).toBe(
      'f.pt: tensor "half" is in a HalfStorage; save it as float32: model.float().state_dict()',
    );
    expect(await refused(fixture("legacy.pt"))).toMatch(/^f\.pt: is no zip, as torch\.save writes/);
    expect(await refused(zipSync({ "a/data.pkl": new Uint8Array(9) }))).toMatch(
      /^f\.pt: "a\/data\.pkl" in it is compressed/,
    );
    expect(await refused(zipSync({ "a/b": new Uint8Array(9) }, { level: 0 }))).toMatch(
      /^f\.pt: holds no data\.pkl/,
    );
  });
});
