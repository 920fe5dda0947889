// Beside the drawing: what three networks make of a digit.
import type { JSX } from "preact";
import { Paper, PAPERS } from "./parts.tsx";

/** The explanation. */
export function ReadDraw(): JSX.Element {
  return (
    <>
      <h2>Three opinions of your digit</h2>
      <p>
        Your drawing is made small first, as MNIST’s digits were: it is fitted into 20 × 20 pixels,
        and its centre of mass is moved to the middle of 28 × 28 (
        <Paper at={PAPERS.lecun1998}>LeCun and others 1998</Paper>). The networks see that and
        nothing else.
      </p>
      <p>
        The <strong>judge</strong> says which digit it is. It has seen only digits, so it finds one
        in anything: draw a face. The <strong>discriminator</strong> says how real it looks. It
        knows no numbers, only what this generator got wrong so far, so it may doubt an honest digit
        whose strokes are thinner than any in its training.
      </p>
      <h3>Finding it again</h3>
      <p>
        <em>Project</em> looks for the latent with which the generator draws your digit. It starts
        somewhere, compares the pictures, and follows the gradient, as in training; but this time
        the weights stand still, and the latent moves (
        <Paper at={PAPERS.zhu2016}>Zhu and others 2016</Paper>). If it fails, the generator can’t
        write like you.
      </p>
    </>
  );
}
