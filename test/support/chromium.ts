// Starts a headless Chromium that runs WebGPU on SwiftShader: the one in LONGHAND_CHROMIUM if that is set, otherwise
// the one that npm installs (Linux on x64), otherwise the system's. Nothing is downloaded.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { embeddedBytes, embeddedFiles, versions } from "../../src/gpu/node/packages.ts";
import { cacheFolders, unpackOnce, type WriteUnpacked } from "../../src/gpu/node/unpacked.ts";

/** Flags that make Chromium open WebGPU on SwiftShader, without a GPU or a screen, but show nothing that it draws. */
export const WITHOUT_CANVASES: readonly string[] = [
  "--use-webgpu-adapter=swiftshader",
  "--enable-unsafe-webgpu",
];

/** Flags that make Chromium open WebGPU on SwiftShader, and compose the page there: canvases show what WebGPU draws. */
export const ON_SWIFTSHADER: readonly string[] = [
  ...WITHOUT_CANVASES,
  "--use-angle=swiftshader",
  "--use-vulkan=swiftshader",
  "--enable-features=Vulkan",
];

const QUIET: readonly string[] = [
  "--no-sandbox", // containers run as root, and the sandbox refuses that
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];

/** A browser that can be started, and its environment. */
interface Candidate {
  readonly executablePath: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a headless Chromium. Rejects with the reasons if none starts. */
export async function launchChromium(flags: readonly string[]): Promise<Browser> {
  const reasons: string[] = [];
  const sources = process.env["LONGHAND_CHROMIUM"] ? [chosen] : [fromNpm, fromSystem];
  for (const find of sources) {
    try {
      const found = find();
      if (found) return await chromium.launch({ ...found, args: [...QUIET, ...flags] });
    } catch (error) {
      reasons.push(briefly(error));
    }
  }
  throw new Error(
    reasons.length > 0
      ? `no browser starts: ${reasons.join("; ")}`
      : "no browser was found: install Chromium, or set LONGHAND_CHROMIUM to its path",
  );
}

function chosen(): Candidate {
  return { executablePath: process.env["LONGHAND_CHROMIUM"] ?? "", env: process.env };
}

const SYSTEM: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

function fromSystem(): Candidate | undefined {
  const executablePath = SYSTEM.find((path) => existsSync(path));
  return executablePath === undefined ? undefined : { executablePath, env: process.env };
}

// Apart from glibc, Chromium needs NSS, NSPR and expat, and a font: without one it crashes at the first form. The
// package brings them, and the SwiftShader that Chromium looks for next to itself.
const ARCHIVES = ["al2023.tar.br", "swiftshader.tar.br", "fonts.tar.br"];
const FONTS = "longhand-fonts.conf";
const WANTED: readonly string[] = [
  "chromium",
  "libexpat.so.1",
  "libnspr4.so",
  "libnss3.so",
  "libsoftokn3.so",
  "libvk_swiftshader.so",
  "libvulkan.so.1",
  "vk_swiftshader_icd.json",
  "OpenSans-Regular.ttf",
  FONTS,
];
const FONTS_HERE = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

function fromNpm(): Candidate | undefined {
  const { chromium: version } = versions();
  if (version === undefined || process.platform !== "linux" || process.arch !== "x64") {
    return undefined;
  }
  const complaints: string[] = [];
  for (const folder of cacheFolders(`chromium-${version}`)) {
    try {
      const damage = unpackOnce(folder, WANTED, unpackChromium);
      if (damage !== undefined) console.log(`Chromium is unpacked again, because ${damage}.`);
      const libraries = [folder, process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":");
      return {
        executablePath: join(folder, "chromium"),
        env: {
          ...process.env,
          LD_LIBRARY_PATH: libraries,
          FONTCONFIG_FILE: join(folder, FONTS),
        },
      };
    } catch (error) {
      complaints.push(briefly(error));
    }
  }
  throw new Error(`npm's Chromium can't be unpacked (${complaints.join("; ")})`);
}

function unpackChromium(write: WriteUnpacked): void {
  write("chromium", embeddedBytes("chromium.br"));
  for (const archive of ARCHIVES) {
    for (const { name, bytes } of embeddedFiles(archive)) {
      if (bytes.length > 0) write(name, bytes);
    }
  }
  write(FONTS, Buffer.from(FONTS_HERE));
}

function briefly(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // Playwright's first line names the call; what the browser said is in its log.
  const said = /\[err\] (.+)/.exec(message)?.[1];
  return said ?? message.split("\n", 1)[0] ?? message;
}
