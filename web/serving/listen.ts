// Listens on this machine only, on both of localhost's addresses: 127.0.0.1 and ::1.
import { createServer, type RequestListener, type Server } from "node:http";
import { UsageError } from "../../src/gpu/errors.ts";
import { wordsOf } from "../../src/gpu/foreign-text.ts";

/** A server that listens. */
export interface Listening {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const FIRST_PORT = 5173;
const MOST_TRIES = 100;

/**
 * Listens on a port, or without one on 5173 or the next free one. 0 takes any free port. Rejects with `UsageError` if
 * it can't listen.
 */
export async function listenLocally(handler: RequestListener, port?: number): Promise<Listening> {
  for (let tried = port ?? FIRST_PORT; ; tried += 1) {
    try {
      return await listenOn(handler, tried);
    } catch (error) {
      if (port === undefined && isTaken(error) && tried < FIRST_PORT + MOST_TRIES) continue;
      throw new UsageError(
        `port: can't listen on ${tried} (${wordsOf(error)}); choose another port`,
      );
    }
  }
}

async function listenOn(handler: RequestListener, port: number): Promise<Listening> {
  const servers: Server[] = [await listen(handler, port, "127.0.0.1")];
  const address = servers[0]!.address();
  const chosen = typeof address === "object" && address !== null ? address.port : port;
  try {
    servers.push(await listen(handler, chosen, "::1"));
  } catch (error) {
    // Without IPv6 there is no such address. A taken port would hand half of the browsers another's page.
    if (isTaken(error)) {
      await Promise.all(servers.map(close));
      throw error;
    }
  }
  return {
    url: `http://localhost:${chosen}/`,
    close: async () => void (await Promise.all(servers.map(close))),
  };
}

function listen(handler: RequestListener, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(handler);
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EADDRINUSE";
