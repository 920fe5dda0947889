// The list of mutants is complete: each changes what it says, and every kernel has one.
import { expect, test } from "vitest";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { kernelNames } from "../support/kernels.ts";
import { fileOf, mutants } from "./mutants.ts";

test.each(mutants.map((mutant) => [`${mutant.kernel}: ${mutant.what}`, mutant] as const))(
  "%s",
  (_name, mutant) => {
    expect(shaderText(fileOf(mutant)).split(mutant.from)).toHaveLength(2);
    expect(mutant.to).not.toBe(mutant.from);
  },
);

test("every kernel has a mutant", () => {
  const spoilt = new Set(mutants.map(({ kernel }) => kernel));
  expect([...spoilt].toSorted()).toEqual([...kernelNames()].toSorted());
});
