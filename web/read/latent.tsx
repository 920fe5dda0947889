// Beside the latent trackball: what latent space is.
import type { JSX } from "preact";
import { Paper, PAPERS, Set } from "./parts.tsx";

/** The explanation. */
export function ReadLatent(): JSX.Element {
  return (
    <>
      <h2>A space of handwriting</h2>
      <p>
        The generator draws from a list of about a hundred random numbers: a <em>latent</em>. The
        same list gives the same digit. Lists that are close together give digits that look alike,
        because every layer changes little if its input does. So the lists form a space in which one
        can walk, and every point is a picture.
      </p>
      <p>
        Under your hand are three directions of that space. A turn keeps the list’s length: random
        lists of a hundred numbers all lie near a sphere, so a straight path between two of them
        would pass through a hollow where the generator never learnt to draw. Walks follow the
        sphere instead (<Paper at={PAPERS.white2016}>White 2016</Paper>).
      </p>
      <h3>Directions that mean something</h3>
      <p>
        Any three directions will do. Better ones can be <em>found</em>: those that the first layer
        stretches most. They often are slant, weight, or width (
        <Paper at={PAPERS.shen2021}>Shen and Zhou 2021</Paper>). Nobody named them; the network
        needed them to convince.
      </p>
      <p>
        Turn the network that is <Set query="view=watch">in training</Set> while it learns, too: at
        first the whole space is fog, and then the digits condense, each with a country of its own.
      </p>
    </>
  );
}
