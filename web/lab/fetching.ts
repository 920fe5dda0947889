// Fetches files of the page with their progress, and says in words what went wrong.
import { DataError, joined } from "../../src/web.ts";

/** Called with how many bytes have come. */
export type OnBytes = (done: number) => void;

/** Fetches a file, from the server alone if `cache` is "reload". Rejects with a `DataError` that names it. */
export async function fetchBytes(
  address: string | URL,
  onBytes: OnBytes = () => undefined,
  cache: RequestCache = "default",
): Promise<Uint8Array<ArrayBuffer>> {
  const { pathname } = new URL(address);
  const name = pathname.slice(pathname.lastIndexOf("/") + 1);
  const response = await fetch(address, { cache }).catch(() => undefined);
  if (!response) {
    throw new DataError(
      `${name}: can't be fetched; check the connection, and that the server is still running`,
    );
  }
  if (!response.ok || !response.body) {
    // `npm run web` says what is wrong in one line of text; other servers send a page.
    const isText = response.headers.get("content-type")?.startsWith("text/plain");
    const said = isText ? (await response.text()).trim() : "put the file there.";
    throw new DataError(`${name}: the server answered ${response.status}; ${said}`);
  }
  const chunks: Uint8Array[] = [];
  let done = 0;
  try {
    for (const reader = response.body.getReader(); ;) {
      const { value } = await reader.read();
      if (!value) break;
      chunks.push(value);
      done += value.length;
      onBytes(done);
    }
  } catch {
    throw new DataError(
      `${name}: broke off after ${done} bytes; check the connection, and try again`,
    );
  }
  return joined(chunks);
}

/** Unpacks gzipped bytes; others are returned as they are. Rejects with a `DataError` that names the file. */
export async function unpacked(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes; // some hosts unpack on the way
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new DataError(`${name}: can't be unpacked: it is damaged; load the page again`);
  }
}
