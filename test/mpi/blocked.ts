// A process of test/mpi/watch.test.ts, whose main thread is inside calls that block.
import { watchCalls } from "../../src/mpi/watch.ts";

const block = (ms: number): number => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return ms;
};

const watch = watchCalls("nobody came for % s\n");
const returned = [600, 600].map((ms) => watch.over(1, () => block(ms))); // 1.2 s in all, but none takes a second
block(1500); // nobody watches this
console.log(`returned ${returned.join(" and ")}`);
watch.over(1, () => block(20_000));
console.log("was still there");
