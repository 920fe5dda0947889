// The texts of shaders as the driver gets them.
import type { Device } from "../device.ts";
import type { Dispatch } from "../dispatch.ts";
import { groupBy } from "./roofline.ts";

/** Returns the distinct shader texts of some dispatches, each under a comment on what launches it that ends with `at`. */
export function modules(
  { pipelines }: Device,
  dispatches: readonly Dispatch[],
  uses: readonly Dispatch[],
  at: string,
): readonly string[] {
  const groups = groupBy(uses, ({ pipeline }) => pipelines.code(pipeline.request));
  return groups.map((users, index) => {
    const { request } = users[0]!.pipeline;
    const entries = new Set(users.map(({ pipeline }) => pipeline.request.entry));
    const values = Object.entries(request.constants).map(([name, value]) => `${name} = ${value}`);
    const places = users.map((use) => dispatches.indexOf(use) + 1).join(", ");
    const title = `// ${index + 1} of ${groups.length}: ${request.shader}, entry point ${[...entries].join(", ")}`;
    const launches = `// dispatches ${places} of ${dispatches.length}; ${at}`;
    return `${title}\n${launches}\n// ${values.join(", ")}\n${pipelines.code(request)}`;
  });
}
