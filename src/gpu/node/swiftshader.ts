// The SwiftShader that `@sparticuz/chromium` carries, with its own Vulkan loader, in a folder of the user's cache.

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
  /** Paths of the Vulkan loader and of the driver's file for it. */
  readonly loader: string;
  readonly driver: string;
  /** That what this process found unpacked could not be used, in words for the end of a line; else empty. */
  readonly remark: string;
}

/**
 * Why there is no embedded SwiftShader here, as a sentence; undefined where there is. It asks for an older glibc than
 * Dawn, which has loaded by the time that this matters.
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

/** SwiftShader as adapters are listed. */
export function embeddedAdapter(): ListedAdapter {
  const name = `SwiftShader, from @sparticuz/chromium ${versionIn(chromiumFolder())}`;
  return { name, kind: "swiftshader", backend: "vulkan", device: "SwiftShader" };
}

/** The folder of the unpacked SwiftShader; undefined while it isn't unpacked, or damaged. */
export function swiftshaderFolder(): string | undefined {
  if (embeddedTrouble() !== undefined) return undefined;
  return folders().find((folder) => isUnpacked(folder, FILES));
}

function folders(): string[] {
  return cacheFolders(`swiftshader-${versionIn(chromiumFolder())}`);
}

let remark = ""; // kept, as a survey may come here before somebody who says it

/** Unpacks it, unless it is there and whole. Throws `AdapterError` where no folder takes it. */
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
      if (damage !== undefined) remark = ` (unpacked anew, as ${damage})`;
      if (complaint === undefined) return { loader, driver, remark };
      complaints.push(complaint); // a cache on a disk mounted noexec, say
    } catch (error) {
      complaints.push(wordsOf(error));
    }
  }
  throw new AdapterError(
    `the embedded SwiftShader can't be unpacked (${complaints.join("; ")}): set XDG_CACHE_HOME to a folder of yours with 8 MB to spare`,
  );
}
