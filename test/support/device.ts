// The device that GPU tests run on, one per test file. Its adapter is the one that `auto` finds, or LONGHAND_ADAPTER.
// It has WebGPU's default limits, or with LONGHAND_LIMITS=adapter those of the adapter; and the kernels as they are, or
// with mutant number LONGHAND_MUTANT.
import { afterAll, afterEach } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { open } from "../../src/node.ts";
import { spoilt } from "../kernels/spoilt.ts";
import { fileOf, mutants } from "../soak/mutants.ts";

/** Opens the test file's device. After each test it must be free of GPU errors; after all tests it is released. */
export async function testDevice(): Promise<Device> {
  const limits = process.env["LONGHAND_LIMITS"] === "adapter" ? "adapter" : "default";
  const { device: opened, close } = await open(undefined, { limits });
  const mutant = mutants[Number(process.env["LONGHAND_MUTANT"] ?? -1)];
  const device = mutant ? spoilt(opened, { ...mutant, file: fileOf(mutant) }) : opened;
  afterEach(async () => device.idle());
  afterAll(close);
  return device;
}
