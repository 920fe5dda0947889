import { defineConfig, type ViteUserConfig } from "vitest/config";

// One process a file: Dawn allows one instance a process, and drops it with the process.
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: process.env["LONGHAND_SOAK"] ? 1_200_000 : 300_000,
    hookTimeout: 120_000,
  },
});

export default config;
