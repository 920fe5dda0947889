// The device that GPU tests run on: whatever `auto` finds, or LONGHAND_ADAPTER, with WebGPU's default
// limits, or with LONGHAND_LIMITS=adapter all that the adapter has; with the kernels as they are, or with
// mutant number LONGHAND_MUTANT. One a file.
import { afterAll, afterEach } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { open } from "../../src/node.ts";
import { spoilt } from "../kernels/spoilt.ts";
import { fileOf, mutants } from "../soak/mutants.ts";

/** Opens the test file's device; after each test it must be free of GPU errors, after all it is let go. */
export async function testDevice(): Promise<Device> {
  const limits = process.env["LONGHAND_LIMITS"] === "adapter" ? "adapter" : "default";
  const { device: opened, close } = await open(undefined, { limits });
  const mutant = mutants[Number(process.env["LONGHAND_MUTANT"] ?? -1)];
  const device = mutant ? spoilt(opened, { ...mutant, file: fileOf(mutant) }) : opened;
  afterEach(async () => device.idle());
  afterAll(close);
  return device;
}
