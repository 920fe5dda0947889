// Beside the look inside: what a convolution is, and what its kernel looks like.
import type { JSX } from "preact";
import { Paper, PAPERS, Set } from "./parts.tsx";

const NAIVE = `let k = id.x;  // one invocation per output
var sum = 0.0;
for (var i = 0u; i < SIZE; i++) {
  for (var j = 0u; j < SIZE; j++) {
    for (var c = 0u; c < IN; c++) {
      sum += inp[at(y + i, x + j, c)]
           * w[at(i, j, c, k)];
    }
  }
}
out[at(y, x, k)] = sum;`;

/** The explanation. */
export function ReadInside(): JSX.Element {
  return (
    <>
      <h2>From layers to machine code</h2>
      <p>
        A <em>convolution</em> lays a small window over each place of a picture, multiplies what it
        sees by a <em>filter</em>, and adds up. A filter answers to one thing: an edge, a stroke’s
        end, a curve. The next layer looks at those answers. The generator goes the other way: each
        answer paints its filter, and overlapping strokes add up to a digit.
      </p>
      <p>
        Between them, <em>batch norm</em> brings the answers of a batch to the same scale, without
        which deep networks hardly learn (
        <Paper at={PAPERS.ioffe2015}>Ioffe and Szegedy 2015</Paper>
        ).
      </p>
      <h3>What a kernel looks like</h3>
      <p>
        On a GPU, thousands of small programs run at once, one per output. Written down, a
        convolution is three loops:
      </p>
      <pre class="sketch" tabIndex={0} aria-label="A convolution in WGSL, sketched">
        {NAIVE}
      </pre>
      <p>
        That is right, and slow: each number is fetched from memory again and again. The real
        kernels give every invocation a tile of outputs, and fetch each number once for the whole
        tile: into registers, or into memory that a workgroup shares. Every kernel here was written
        by hand in WGSL; open one and read it.
      </p>
      <h3>How good it is</h3>
      <p>
        A kernel can’t be faster than the GPU’s arithmetic, nor than its memory delivers. Which of
        the two holds it back depends on how often it uses what it fetched (
        <Paper at={PAPERS.williams2009}>Williams and others 2009</Paper>).{" "}
        <Set query="view=gpu">Measure both on your GPU</Set>.
      </p>
    </>
  );
}
