// The service worker of the built page: keeps the page's own files, so that it works offline after the first visit. The
// training images are kept by the lab, which checks them first.

/** The events that a service worker gets besides a page's; TypeScript's DOM library doesn't have them. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
}

/** The build replaces this: every file of the page, and a name that changes with any of them. */
const built = JSON.parse("__BUILT__") as {
  readonly files: readonly string[];
  readonly name: string;
};

const PREFIX = "longhand page ";
const scope = globalThis as unknown as Scope;

scope.addEventListener("install", (event) => {
  event.waitUntil(keepFiles());
});
scope.addEventListener("activate", (event) => {
  event.waitUntil(dropOlder());
});
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(PREFIX + built.name);
  await cache.addAll(built.files.map((file) => new Request(file, { cache: "no-cache" })));
}

async function dropOlder(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== PREFIX + built.name) await caches.delete(name);
  }
  await scope.clients.claim();
}

/** Files whose names change with their contents come from the cache; others from the server, if it answers. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(PREFIX + built.name);
  const kept = await cache.match(request, { ignoreSearch: request.mode === "navigate" });
  if (!kept) return fetch(request);
  if (/-[\w-]{8,}\.\w+$/.test(new URL(request.url).pathname)) return kept;
  return fetch(request).catch(() => kept);
}
