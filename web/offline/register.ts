// Lets the built page work offline: registers its service worker.

/** Registers the service worker, in a build only. A browser that refuses one just needs the network again. */
export function workOffline(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker
    .register(new URL("service-worker.js", document.baseURI))
    .catch(() => undefined);
}
