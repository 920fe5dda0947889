// A slice of the fuzzing that `npm run soak` does in full: IDX files, PNGs and other sets with random damage.
import { expect, test } from "vitest";
import { fuzzIdx } from "../soak/fuzz-idx.ts";
import { fuzzArrays, fuzzPictures, fuzzTables } from "../soak/fuzz-sets.ts";
import { fuzzPng } from "../soak/fuzz-png.ts";

test.each([
  ["IDX files", fuzzIdx],
  ["PNGs", fuzzPng],
  ["NumPy arrays", fuzzArrays],
  ["CSV tables", fuzzTables],
  ["folders of pictures", fuzzPictures],
])("spoilt %s are refused in a line or read, in little time and memory", async (_, run) => {
  const { failures, refused, accepted } = await run(500, 1);
  expect(failures).toEqual([]);
  expect(refused).toBeGreaterThan(100);
  expect(accepted).toBeGreaterThan(15);
});
