// Serves the page in web/ on localhost while it is worked on, with the images to train on.

import { randomBytes } from "node:crypto";
import { createServer, type Connect } from "vite";
import { SERVED_IMAGES, SERVED_LABELS } from "../src/data/idx.ts";
import { SERVED } from "../src/data/served.ts";
import { DataError, LonghandError } from "../src/gpu/errors.ts";
import { pageConfig, PROJECT } from "./serving/config.ts";
import { securityHeaders } from "./serving/headers.ts";
import { plainImages, type Source } from "./serving/images.ts";
import { listenLocally } from "./serving/listen.ts";
import { openSet } from "../src/runs/sets/open-set.ts";

export { buildWeb, type BuiltWeb } from "./serving/build.ts";
export { previewWeb } from "./serving/preview.ts";

/** What `serveWeb` serves, and where. */
export interface WebOptions extends Source {
  /** The port to listen on (default: 5173, or the next free one). */
  readonly port?: number | undefined;
  /** Open the page in the system's browser. */
  readonly open?: boolean | undefined;
}

/** A page that is being served. */
export interface WebServer {
  readonly url: string;
  /** What a person should know about the images. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves the training page until it is closed, only to this machine.
 *
 * Rejects with `DataError` if the images are missing or damaged, and with `UsageError` if it can't listen on the port.
 */
export async function serveWeb(options: WebOptions = {}): Promise<WebServer> {
  const { port, data, transpose, open = false } = options;
  const { notes } = await openSet(data, "train", { transpose }); // bad data is refused here, not in the page
  const nonce = randomBytes(16).toString("base64");
  const vite = await createServer({
    ...pageConfig(),
    configFile: false,
    logLevel: "error",
    clearScreen: false,
    appType: "spa",
    html: { cspNonce: nonce }, // for the styles that Vite inserts while it serves
    server: {
      middlewareMode: true,
      // A file that changes must not reload the page and end the training in it.
      hmr: false,
      ws: false,
      headers: securityHeaders(nonce),
      fs: {
        allow: ["web", "src", "proof", "shaders", "node_modules", "package.json"].map(
          (name) => PROJECT + name,
        ),
      },
    },
    plugins: [
      {
        // Vite's client inserts styles, but it also calls for hot updates, which are off, and has no option against that.
        name: "longhand:no-hot-updates",
        transform: (code, id) =>
          id.endsWith("/vite/dist/client/client.mjs")
            ? `const WebSocket = class extends EventTarget { send() {} close() {} };\n${code}`
            : undefined,
      },
      {
        name: "longhand:images",
        configureServer: ({ middlewares }) => offerImages(middlewares, { data, transpose }),
      },
    ],
  });
  try {
    const { url, close } = await listenLocally(vite.middlewares, port);
    if (open) {
      vite.resolvedUrls = { local: [url], network: [] };
      vite.openBrowser();
    }
    return {
      url,
      notes,
      async close() {
        await close();
        await vite.close();
      },
    };
  } catch (error) {
    await vite.close();
    throw error;
  }
}

// They are read on request, so that the page hears what is wrong with them.
function offerImages(middlewares: Connect.Server, source: Source): void {
  for (const address of [SERVED, SERVED_IMAGES, SERVED_LABELS]) {
    middlewares.use(`/${address}`, (_request, response, next) => {
      answer(response, address, source).catch(next);
    });
  }
}

type Response = Parameters<Connect.NextHandleFunction>[1];

async function answer(response: Response, address: string, source: Source): Promise<void> {
  try {
    const bytes = (await plainImages(source)).get(address);
    if (!bytes) throw new DataError("there are no labels next to the images; add their IDX file");
    const type = address === SERVED ? "application/json" : "application/octet-stream";
    response.setHeader("Content-Type", type);
    response.setHeader("Content-Length", bytes.length);
    response.end(bytes);
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    response.statusCode = 500;
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(error.message);
  }
}
