// Limits the garbage of code that makes and drops buffers quickly, such as unpacking: V8 lets some 32 MB of young
// buffers accumulate before it collects any, whatever size the file declares.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const EVERY = 2 ** 21; // bytes

/** Returns a function to call with the bytes of each new buffer. It makes V8 collect young ones after every 2 MiB. */
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
    // Node exposes `gc` only in a context that is created while the flag is set.
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc");
    setFlagsFromString("--no-expose-gc");
  }
  collect!({ type: "minor" });
}
