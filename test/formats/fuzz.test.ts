// A slice of the fuzzing that `npm run soak` does in full: files of networks that nobody would write.
import { expect, test } from "vitest";
import { fuzzOnnx, fuzzPt, fuzzTorch } from "../soak/fuzz-exchange.ts";

test.each([
  ["ONNX", fuzzOnnx],
  ["PyTorch", fuzzTorch],
  ["torch.save", fuzzPt],
])(
  "spoilt files for %s are refused in a line or read, in little time and memory",
  async (_, run) => {
    const { failures, refused, accepted } = await run(600, 1);
    expect(failures).toEqual([]);
    expect(refused).toBeGreaterThan(300);
    expect(accepted).toBeGreaterThan(20);
  },
);
