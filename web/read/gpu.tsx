// Beside the check of the GPU: what its figures mean.
import type { JSX } from "preact";
import { Paper, PAPERS } from "./parts.tsx";

/** The explanation. */
export function ReadGpu(): JSX.Element {
  return (
    <>
      <h2>What the figures mean</h2>
      <p>
        First, <strong>is it right?</strong> Every kernel runs on small cases, and each result is
        compared with one that the processor computed in 64 bits. Drivers have bugs; a wrong kernel
        is named, and others take its place.
      </p>
      <p>
        Then, <strong>how fast?</strong> The <em>ceilings</em> are the most that this GPU does when
        nothing else holds it up: multiplications per second, and bytes per second from memory. Each
        kernel is measured against the lower of the two for what it does, its <em>roof</em> (
        <Paper at={PAPERS.williams2009}>Williams and others 2009</Paper>). Half of the roof is good;
        a tenth is usually a launch too small to fill the GPU.
      </p>
      <p>
        A <em>GFLOP/s</em> is a thousand million multiplications or additions per second. Browsers
        round their clocks so that pages can’t spy, so every kernel is repeated until the rounding
        no longer matters.
      </p>
      <p>
        Other tabs, a warm laptop and a nearly empty battery all slow a GPU. Run it twice before you
        believe it.
      </p>
    </>
  );
}
