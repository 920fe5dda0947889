// The SwiftShader of `@sparticuz/chromium`, unpacked with its own Vulkan loader into a folder of the user's cache.

import { join } from "node:path";
import type { ListedAdapter } from "../adapter-words.ts";
import { AdapterError } from "../errors.ts";
import { wordsOf } from "../foreign-text.ts";
import { dlopenComplaint } from "./libraries.ts";
import { chromiumFolder, embeddedFiles, versionIn } from "./packages.ts";
import { cacheFolders, isUnpacked, unpackOnce } from "./unpacked.ts";

const LOADER = "libvulkan.so.1";
const DRIVER = "vk_swiftshader_icd.json";
const FILES: readonly string[] = [LOADER, DRIVER, "libvk_swiftshader.so"];

/** SwiftShader, ready to be opened. */
export interface Embedded {
  /** The path of the Vulkan loader. */
  readonly loader: string;
  /** The path of the JSON file that names the driver to the loader. */
  readonly driver: string;
  /** If this process found unpacked files that it couldn't use: words on that for the end of a line; else empty. */
  readonly remark: string;
}

/**
 * Returns why there is no embedded SwiftShader here, as a sentence; undefined if there is one. Its glibc isn't checked:
 * it runs with an older one than Dawn needs, and Dawn has loaded by then.
 */
export function embeddedTrouble(): string | undefined {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") {
    return `the embedded SwiftShader is for Linux on x64, and this is ${platform}-${arch}`;
  }
  return chromiumFolder() === undefined
    ? "SwiftShader comes with the npm package @sparticuz/chromium, which isn't installed (`npm install @sparticuz/chromium@147.0.0`)"
    : undefined;
}

/** Returns SwiftShader as an adapter is listed. */
export function embeddedAdapter(): ListedAdapter {
  const name = `SwiftShader, from @sparticuz/chromium ${versionIn(chromiumFolder())}`;
  return { name, kind: "swiftshader", backend: "vulkan", device: "SwiftShader" };
}

/** Returns the folder of the unpacked SwiftShader; undefined if it isn't unpacked, or is damaged. */
export function swiftshaderFolder(): string | undefined {
  if (embeddedTrouble() !== undefined) return undefined;
  return folders().find((folder) => isUnpacked(folder, FILES));
}

function folders(): string[] {
  return cacheFolders(`swiftshader-${versionIn(chromiumFolder())}`);
}

let remark = ""; // kept, because a survey may unpack SwiftShader before the call that reports the remark

/** Unpacks SwiftShader unless it is there and undamaged. Throws `AdapterError` if no folder can hold it. */
export function unpackSwiftshader(): Embedded {
  const complaints: string[] = [];
  for (const folder of folders()) {
    try {
      const damage = unpackOnce(folder, FILES, (write) => {
        for (const { name, bytes } of embeddedFiles("swiftshader.tar.br")) {
          if (FILES.includes(name)) write(name, bytes);
        }
      });
      const [loader, driver] = [join(folder, LOADER), join(folder, DRIVER)];
      const complaint = dlopenComplaint(loader);
      if (damage !== undefined) remark = ` (unpacked again, because ${damage})`;
      if (complaint === undefined) return { loader, driver, remark };
      complaints.push(complaint); // for example, the cache is on a disk mounted noexec
    } catch (error) {
      complaints.push(wordsOf(error));
    }
  }
  throw new AdapterError(
    `the embedded SwiftShader can't be unpacked (${complaints.join("; ")}): set XDG_CACHE_HOME to a folder of yours with 8 MB free`,
  );
}
