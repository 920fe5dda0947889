// Buffers that are thrown away as fast as they are made, as unpacking makes them: V8 lets some 32 MB of them lie before
// it collects any, whatever the file promised.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const EVERY = 2 ** 21; // bytes

/** Returns what is told of every buffer's bytes, and has V8 collect the young ones after each 2 MiB. */
export function youngGarbage(): (bytes: number) => void {
  let made = 0;
  return (bytes) => {
    made += bytes;
    if (made < EVERY) return;
    made = 0;
    collectYoung();
  };
}

let collect: ((options: { readonly type: "minor" }) => void) | undefined;

function collectYoung(): void {
  if (!collect) {
    // Node shows it only to a context that is made while the flag is set.
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc");
    setFlagsFromString("--no-expose-gc");
  }
  collect!({ type: "minor" });
}
