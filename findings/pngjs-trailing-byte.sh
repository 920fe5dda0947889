#!/usr/bin/env bash
# pngjs 7.0.0 refuses a valid PNG that a single byte follows, such as the line feed that a text-mode copy or an HTTP client
# adds. Its error says that the content is unrecognised, though the image, its checksums and its end have all been read.
# (The PNG specification ends the datastream at IEND; the usual decoders stop there. The same package's asynchronous parser
# takes the file.)
#
# Seen:
#   exact: 2x2; one line feed more, sync: Error: unrecognised content at end of stream; async: 2x2
# Needs: Node >= 20, npm. Fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund pngjs@7.0.0 >/dev/null 2>&1
cat >trailing.mjs <<'JS'
import { PNG } from "pngjs";

const exact = PNG.sync.write(new PNG({ width: 2, height: 2 }));
const longer = Buffer.concat([exact, Buffer.from("\n")]);
const size = ({ width, height }) => `${width}x${height}`;
const sync = (bytes) => {
  try {
    return size(PNG.sync.read(bytes));
  } catch (error) {
    return String(error).split("\n")[0];
  }
};
const later = (bytes) =>
  new Promise((resolve) =>
    new PNG().parse(bytes, (error, png) => resolve(error ? String(error) : size(png))),
  );
const seen = `exact: ${sync(exact)}; one line feed more, sync: ${sync(longer)}; async: ${await later(longer)}`;
console.log(seen);
const expected =
  "exact: 2x2; one line feed more, sync: Error: unrecognised content at end of stream; async: 2x2";
if (seen !== expected) throw new Error("pngjs reads it in another way now");
JS
node trailing.mjs
