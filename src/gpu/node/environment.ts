// What Dawn and the Vulkan loader are told: toggles, and variables of the environment.
import { tmpdir } from "node:os";

/**
 * Returns Dawn's toggles that are enabled: `vulkan_enable_f16_on_nvidia`, without which Dawn hides 16-bit floats there,
 * and those that `LONGHAND_DAWN_FEATURES` names, separated by commas, for experiments.
 */
export function enabledDawnFeatures(): readonly string[] {
  const asked = (process.env["LONGHAND_DAWN_FEATURES"] ?? "").split(",").map((name) => name.trim());
  return ["vulkan_enable_f16_on_nvidia", ...asked.filter((name) => /^[a-z0-9_]+$/.test(name))];
}

// The Vulkan loader reads the environment each time that Dawn makes an instance. Nothing else should see these
// variables.
export async function withEnv<T>(
  env: Readonly<Record<string, string>>,
  body: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(env).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, env);
  try {
    return await body();
  } finally {
    for (const [key, value] of before) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
}

// lavapipe complains on stderr if XDG_RUNTIME_DIR isn't set.
export function quietEnv(): Record<string, string> {
  return process.platform === "linux" && !process.env["XDG_RUNTIME_DIR"]
    ? { XDG_RUNTIME_DIR: tmpdir() }
    : {};
}
