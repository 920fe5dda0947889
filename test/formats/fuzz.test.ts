// A slice of the fuzzing that `npm run soak` does in full: files of networks that nobody would write.
import { expect, test } from "vitest";
import { fuzzOnnx, fuzzPt, fuzzTorch } from "../soak/fuzz-exchange.ts";
import { fuzzKeras, fuzzTfjs } from "../soak/fuzz-keras.ts";

test.each([
  ["ONNX", 600, fuzzOnnx],
  ["PyTorch", 600, fuzzTorch],
  ["torch.save", 600, fuzzPt],
  ["TensorFlow.js", 600, fuzzTfjs],
  ["Keras", 24, fuzzKeras], // each that is refused costs a process
])(
  "spoilt files for %s are refused in a line or read, in little time and memory",
  async (_, count, run) => {
    const { failures, refused, accepted } = await run(count, 1);
    expect(failures).toEqual([]);
    expect(refused).toBeGreaterThan(count / 2);
    expect(accepted).toBeGreaterThan(count / 30);
  },
);
