// Loaded into a contestant's process on a software adapter: while it carries out a command, its thread sleeps between
// turns of the event loop, as it does in training (`open` in src/node.ts). Otherwise Node would ask Dawn without a pause,
// on a processor that the step needs.
const LONGEST_NAP = 2; // ms
const bed = new Int32Array(new SharedArrayBuffer(4));
let since = 0;
let busy = false;
let napping = false;

function nap(): void {
  napping = busy;
  if (!napping) return;
  Atomics.wait(bed, 0, 0, Math.min(LONGEST_NAP, (performance.now() - since) / 16));
  setImmediate(nap);
}

// Two commits of this file may meet in one process, if one is measured by the other.
const ONCE = Symbol.for("longhand: a contestant sleeps");
const send = process.send?.bind(process);
if (send && !Reflect.has(process, ONCE)) {
  Reflect.set(process, ONCE, true);
  process.on("message", () => {
    [since, busy] = [performance.now(), true];
    if (!napping) nap();
  });
  process.send = (answer: object): boolean => {
    busy = false;
    return send(answer);
  };
}
