#!/usr/bin/env bash
# uPlot 1.6.32 can't be loaded in a browser that runs without a locale. Headless Chromium 147 on Linux with LANG unset, as
# in containers, reports navigator.language as "en-US@posix". uPlot hands that to Intl.NumberFormat while its module is
# loaded, and Intl refuses it, since "@posix" is no part of a BCP 47 tag. The import fails, and with it all that imports
# it: a page shows nothing at all, where one would expect a plot with default number formats.
#
# Shown on Node, with a window that reports what Chromium reports.
# Seen:
#   en-US: loaded, function
#   en-US@posix: RangeError: Incorrect locale information provided
# Needs: Node >= 20, npm. Fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund uplot@1.6.32
cat > load.mjs <<'JS'
const language = process.argv[2];
const element = { style: {}, classList: { add() {} } };
globalThis.window = globalThis;
globalThis.document = { createElement: () => element, addEventListener() {} };
globalThis.devicePixelRatio = 1;
globalThis.matchMedia = () => ({ addEventListener() {}, removeEventListener() {} });
globalThis.addEventListener = () => {};
globalThis.CustomEvent ??= class {};
globalThis.dispatchEvent = () => true;
Object.defineProperty(globalThis, "navigator", { value: { language }, configurable: true });
try {
  const { default: uPlot } = await import("uplot");
  console.log(`${language}: loaded, ${typeof uPlot}`);
} catch (error) {
  console.log(`${language}: ${error.name}: ${error.message}`);
}
JS
seen=$(node load.mjs en-US; node load.mjs en-US@posix)
echo "$seen"
expected='en-US: loaded, function
en-US@posix: RangeError: Incorrect locale information provided'
[ "$seen" = "$expected" ] || { echo "It behaves differently now." >&2; exit 1; }
