// What a build adds to the page that Vite bundles: the policy in its head, the images, and the list of files to keep
// offline.
import { createHash } from "node:crypto";
import type { Plugin } from "vite";
import { SERVED } from "../../src/data/served.ts";
import { policy } from "./headers.ts";
import { packedImages, type Source } from "./images.ts";

/** The name of the service worker in a build: it stands next to the page, because it serves what lies below it. */
export const SERVICE_WORKER = "service-worker.js";

/** Puts the policy into the page, for hosts that set no headers. It must come before what it governs. */
export function policyInPage(): Plugin {
  return {
    name: "longhand:policy",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: policy() },
          injectTo: "head-prepend",
        },
        {
          tag: "meta",
          attrs: { name: "referrer", content: "no-referrer" },
          injectTo: "head-prepend",
        },
      ],
    },
  };
}

/** Puts the packed images next to the page. */
export function imagesBesidePage(source: Source): Plugin {
  return {
    name: "longhand:images",
    apply: "build",
    async generateBundle() {
      for (const [fileName, bytes] of await packedImages(source)) {
        this.emitFile({ type: "asset", fileName, source: bytes });
      }
    },
  };
}

/** A built page: the bytes or the text of each file, by its path in the folder. */
export type SiteFiles = Readonly<Record<string, Uint8Array | string>>;

/** Returns the files with the service worker told which of them to keep. */
export function listForOffline(files: SiteFiles): SiteFiles {
  const kept = Object.keys(files)
    .filter((file) => file !== SERVICE_WORKER && (!file.startsWith("data/") || file === SERVED))
    .toSorted();
  const hash = createHash("sha256");
  for (const file of kept) hash.update(file).update(files[file]!);
  const built = JSON.stringify({
    files: kept.map((file) => (file === "index.html" ? "./" : file)),
    name: hash.digest("hex").slice(0, 16),
  });
  const text = String(files[SERVICE_WORKER]);
  const filled = text.replace(/(["'`])__BUILT__\1/, () => JSON.stringify(built));
  if (filled === text) throw new Error(`${SERVICE_WORKER}: has no place for the list of files`);
  return { ...files, [SERVICE_WORKER]: filled };
}
