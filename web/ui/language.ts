// Chromium names the language of a system without one "en-US@posix", which Intl refuses; uPlot asks Intl as soon as it is
// loaded. Import this file before it.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}
