// Beside what is kept: what a run consists of, and why it can be repeated.
import type { JSX } from "preact";

/** The explanation. */
export function ReadKeep(): JSX.Element {
  return (
    <>
      <h2>The same run, bit for bit</h2>
      <p>
        All randomness here comes from one number, the <em>seed</em>: the first weights, the noise,
        the order of the pictures. Sums are added in a fixed order. So the same seed on the same GPU
        gives the same digits, down to the last bit, and the page’s address holds all that it takes:
        send it to a friend with the same GPU.
      </p>
      <p>
        A <em>checkpoint</em> holds both networks, what Adam remembers, and the step. It is written
        now and then, with a checksum for each file, so a run goes on after a reload, a crash, or a
        lost GPU as if nothing had happened. Files that were damaged meanwhile are refused rather
        than trained on.
      </p>
      <p>
        The folder is the same as the command line’s. Download it, and <code>npm run train</code>{" "}
        goes on with <code>--resume</code>; drop a folder of the command line’s here, and the page
        goes on with that.
      </p>
    </>
  );
}
