#!/usr/bin/env bash
# WebGPU's types for TypeScript exist twice by now, and the two don't go together: TypeScript 7.0.2 has them in its own lib
# `dom`, and @webgpu/types 0.1.74 declares the same names once more. An empty module, checked strictly with both and without
# skipLibCheck, has errors (TS2300, duplicate identifiers; TS2687, modifiers that differ), all of them inside the two. One
# would expect the package, which most WebGPU projects still name in `types`, to merge with the lib or to step aside.
#
# Leaving lib `dom` out is no way either: @webgpu/types names the canvas and other types of `dom`, which are missing then
# (TS2304). So with this compiler no strict program without skipLibCheck can hold the package at all; and as the types of npm
# webgpu 0.6.2 import it, neither can one that imports Dawn.
#
# Seen: lib dom alone 0 errors; lib es2023 and @webgpu/types 19, TS2304 and TS2552; lib dom and @webgpu/types 182, TS2300,
# TS2403, TS2687 and TS2717.
# Needs: Node >= 20, npm. Fails if the package can be used with lib dom or without, or if lib dom alone can't.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund typescript@7.0.2 @webgpu/types@0.1.74 >/dev/null 2>&1
echo 'export {};' >module.ts

# errors LIB TYPES: how many errors there are, and their codes.
errors() {
  npx tsc --noEmit --strict --target es2023 --module nodenext --lib "$1" --types "$2" module.ts >out.txt 2>&1 || true
  codes=$(grep -o 'TS[0-9]*' out.txt | sort -u | tr '\n' ' ')
  echo "lib $1, types ${2:-none}: $(grep -c 'error TS' out.txt || true) errors $codes"
}
dom=$(errors es2023,dom "")
package=$(errors es2023 @webgpu/types)
both=$(errors es2023,dom @webgpu/types)
printf '%s\n' "$dom" "$package" "$both"
case "$dom" in *": 0 errors "*) ;; *) echo "lib dom alone has errors now"; exit 1 ;; esac
case "$package" in *TS2304*) ;; *) echo "@webgpu/types does without lib dom now"; exit 1 ;; esac
case "$both" in *TS2300*TS2687*) ;; *) echo "they go together now"; exit 1 ;; esac
