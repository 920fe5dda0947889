// The images to train on, as the server has them: loaded once with their progress, checked by their hash, and kept by the
// browser.
import {
  DataError,
  imageSet,
  parseIdx,
  parseServed,
  SERVED,
  sha256,
  type ImageSet,
  type ServedFile,
} from "../../src/web.ts";
import type { Bench } from "./bench.ts";
import { fetchBytes, unpacked, type OnBytes } from "./fetching.ts";

const CACHE = "longhand images";

let loaded: Promise<ImageSet> | undefined;

/** Returns the served images with their labels; they are fetched once. `base` is the page's address. */
export function servedImages(bench: Bench, base: string): Promise<ImageSet> {
  loaded ??= loadSet(bench, base).catch((error: unknown) => {
    loaded = undefined; // so that one may try again
    throw error;
  });
  return loaded;
}

async function loadSet(bench: Bench, base: string): Promise<ImageSet> {
  const about = new URL(SERVED, base);
  const { images, labels } = parseServed(
    new TextDecoder().decode(await fetchBytes(about)),
    about.pathname,
  );
  const total = images.size + (labels?.size ?? 0);
  const tell = (done: number): void =>
    bench.tell({ type: "loading", what: "the images", done, total });
  const pictures = await loadFile(images, about, tell);
  const classes = labels && (await loadFile(labels, about, (done) => tell(images.size + done)));
  tell(total);
  return imageSet(
    parseIdx(pictures, images.file),
    classes ? parseIdx(classes, labels!.file) : undefined,
    { images: images.file, labels: labels?.file },
  );
}

/** Loads a file from the browser's cache or from the server. */
async function loadFile(
  file: ServedFile,
  about: URL,
  onBytes: OnBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const address = new URL(file.file, about);
  address.searchParams.set("sha256", file.sha256.slice(0, 16)); // other contents, another address
  const cache = await openCache();
  const kept = await cache?.match(address);
  if (cache && kept) {
    const bytes = await unpacked(new Uint8Array(await kept.arrayBuffer()), file.file).catch(
      () => undefined,
    );
    if (bytes && (await sha256(bytes)) === file.sha256) return bytes;
    await cache.delete(address);
  }
  const { packed, bytes } = await fetchSound(file, address, onBytes);
  // Unpacked files come from this machine, which has them anyway.
  if (cache && packed !== bytes) await keep(cache, address, packed);
  return bytes;
}

/** Fetches a file, past the browser's cache of answers if what comes first is damaged. */
async function fetchSound(
  file: ServedFile,
  address: URL,
  onBytes: OnBytes,
): Promise<{ packed: Uint8Array<ArrayBuffer>; bytes: Uint8Array<ArrayBuffer> }> {
  const once = async (cache: RequestCache) => {
    const packed = await fetchBytes(address, onBytes, cache);
    const bytes = await unpacked(packed, file.file);
    if ((await sha256(bytes)) === file.sha256) return { packed, bytes };
    throw new DataError(
      `${file.file}: isn't the file that the page was built with: it is damaged; load the page again`,
    );
  };
  return once("default").catch(() => once("reload"));
}

/** Opens the browser's cache; undefined if it allows none. */
async function openCache(): Promise<Cache | undefined> {
  try {
    return await caches.open(CACHE);
  } catch {
    return undefined;
  }
}

/** Keeps a file in place of older ones at the same place. If the browser has no room, it is loaded again next time. */
async function keep(cache: Cache, address: URL, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const stem = (url: URL): string => url.pathname.replace(/-[0-9a-f]+\.bin$/, "");
  try {
    for (const { url } of await cache.keys()) {
      if (stem(new URL(url)) === stem(address)) await cache.delete(url);
    }
    await cache.put(address, new Response(bytes));
  } catch {
    // Full storage refuses.
  }
}
