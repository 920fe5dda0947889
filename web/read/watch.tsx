// Beside the first view: what a GAN is, what its curves say, what the judge does, and how it goes wrong.
import type { JSX } from "preact";
import { Paper, PAPERS, Set } from "./parts.tsx";

/** The explanation. */
export function ReadWatch(): JSX.Element {
  return (
    <>
      <h2>A forger and an expert</h2>
      <p>
        Two networks play against each other. The <em>generator</em> turns random numbers into
        pictures. The <em>discriminator</em> sees pictures, some from MNIST and some from the
        generator, and says how likely each is to be real. The expert learns to see the difference;
        the forger learns to leave none. Nobody ever tells the generator what a digit looks like:
        all that it knows, it learnt from the other’s doubts (
        <Paper at={PAPERS.goodfellow2014}>Goodfellow and others 2014</Paper>). Both are made of
        convolutions, which look at neighbouring pixels together (
        <Paper at={PAPERS.radford2015}>Radford and others 2015</Paper>); the real digits were
        written by people half a century ago (
        <Paper at={PAPERS.lecun1998}>LeCun and others 1998</Paper>).
      </p>
      <h3>Reading the curves</h3>
      <p>
        <strong>D(real)</strong> and <strong>D(fake)</strong> are what the discriminator says of
        real and of drawn pictures, from 0 to 1. Both near a half: it can’t tell. Far apart: it is
        winning. Unlike in other training, losses that fall are no success. A balance that holds is
        one, and the pictures show it.
      </p>
      <h3>The judge</h3>
      <p>
        A third network was trained to read digits, and takes no part in the game. It counts which
        digits it sees. Its last layer before the verdict describes each picture by 64 numbers, and
        the <em>Fréchet distance</em> compares how these numbers are spread over drawn and over real
        digits. It notices blurred pictures and missing kinds alike (
        <Paper at={PAPERS.heusel2017}>Heusel and others 2017</Paper>).
      </p>
      <h3>Break it</h3>
      <p>
        The game is easily spoilt.{" "}
        <Set
          query="recipe=small&rate-d=0.02"
          then="Set: the discriminator’s rate is 20 times as high. Start anew, and see D(real) and D(fake) part."
        >
          Make the discriminator learn 20 times as fast
        </Set>
        : it is soon certain of everything, and the generator hears only “wrong”.{" "}
        <Set
          query="recipe=small&rate-g=0.02"
          then="Set: the generator’s rate is 40 times as high. Start anew, and see which digits are left."
        >
          Make the generator hurry
        </Set>
        : it may find one picture that passes, and draw nothing else.{" "}
        <Set
          query="recipe=conditional"
          then="Set: the recipe conditional. It wants a GPU. Start anew: each column asks for one digit."
        >
          Tell both which digit is meant
        </Set>
        : no digit can be forgotten (<Paper at={PAPERS.miyato2018}>Miyato and Koyama 2018</Paper>).{" "}
        <Set query="recipe=small" then="Set: the recipe small, as it is meant to be.">
          Put everything back
        </Set>
        .
      </p>
    </>
  );
}
