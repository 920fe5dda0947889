// Vite's configuration of the page, for serving and for building.
import { fileURLToPath } from "node:url";
import type { UserConfig } from "vite";

/** The project's folder. */
export const PROJECT: string = fileURLToPath(new URL("../../", import.meta.url));

/** The packages that the page uses. */
const PACKAGES: readonly string[] = [
  "@preact/signals",
  "comlink",
  "preact",
  "preact/hooks",
  "preact/jsx-runtime",
  "preact/jsx-dev-runtime",
  "prismjs/components/prism-core.js",
  "prismjs/components/prism-wgsl.js",
  "uplot",
  "wgpu-matrix",
  "zod",
];

/** Returns the part of the configuration that serving and building share. */
export function pageConfig(): UserConfig {
  return {
    root: `${PROJECT}web`,
    base: "./", // a built page works under any address
    publicDir: false,
    build: {
      assetsInlineLimit: 0, // the policy allows no data: address except for pictures
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: {
          page: `${PROJECT}web/index.html`,
          "service-worker": `${PROJECT}web/offline/service-worker.ts`,
        },
        output: {
          entryFileNames: ({ name }) =>
            name === "service-worker" ? "[name].js" : "assets/[name]-[hash].js",
          // Named after what it is, not after one of its hundred modules.
          chunkFileNames: ({ moduleIds }) =>
            moduleIds.some((id) => id.endsWith("/src/gpu/device.ts"))
              ? "assets/engine-[hash].js"
              : "assets/[name]-[hash].js",
          // What the page and the lab share besides the engine, in chunks of its own.
          codeSplitting: {
            minShareCount: 2,
            includeDependenciesRecursively: false,
            groups: [
              { name: "packages", test: /\/node_modules\// },
              { name: "recipes", test: /\/(src\/(gan|judge|runs|data|metrics)|web)\// },
            ],
          },
        },
      },
    },
    worker: { format: "es" },
    // Named, not discovered: a discovery while the page runs would reload it.
    optimizeDeps: { include: [...PACKAGES], noDiscovery: true },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  };
}
