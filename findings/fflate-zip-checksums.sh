#!/usr/bin/env bash
# fflate 0.8.3 unpacks a damaged .zip without complaint: it doesn't compare the CRC-32 that a zip has of each file. A byte
# that changed inside a stored file comes back changed. Its gunzipSync takes a wrong CRC as well, where Node's own throws
# "incorrect data check". Other zip readers (Info-ZIP, Python's zipfile) refuse such files, and fflate's own zipSync writes
# the right CRC-32.
#
# Seen:
#   zip, stored: "hello" came back as "jello"; gzip with a wrong CRC: "hello"; node:zlib: incorrect data check
# Needs: Node >= 20.15, npm. Fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fflate@0.8.3 >/dev/null 2>&1
cat >checksums.mjs <<'JS'
import { crc32, gunzipSync as nodeGunzip } from "node:zlib";
import { gunzipSync, gzipSync, unzipSync, zipSync } from "fflate";

const text = (bytes) => new TextDecoder().decode(bytes);
const zip = zipSync({ "a.txt": [new TextEncoder().encode("hello"), { level: 0 }] });
const at = Buffer.from(zip).indexOf("hello");
if (new DataView(zip.buffer).getUint32(14, true) !== crc32("hello")) throw new Error("no CRC-32 in the zip");
zip[at] = "j".charCodeAt(0);
const unzipped = text(unzipSync(zip)["a.txt"]);

const gzip = gzipSync(new TextEncoder().encode("hello"));
gzip[gzip.length - 8] ^= 1; // the CRC-32 begins 8 bytes before the end
const gunzipped = text(gunzipSync(gzip));
let node = "unpacked it";
try {
  nodeGunzip(gzip);
} catch (error) {
  node = error.message;
}
const seen = `zip, stored: "hello" came back as "${unzipped}"; gzip with a wrong CRC: "${gunzipped}"; node:zlib: ${node}`;
console.log(seen);
const expected = 'zip, stored: "hello" came back as "jello"; gzip with a wrong CRC: "hello"; node:zlib: incorrect data check';
if (seen !== expected) throw new Error("fflate checks them now");
JS
node checksums.mjs
