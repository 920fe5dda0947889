// Beside one's own images: what they need.
import type { JSX } from "preact";
import { Paper, PAPERS, Set } from "./parts.tsx";

/** The explanation. */
export function ReadImages(): JSX.Element {
  return (
    <>
      <h2>It copies what it is shown</h2>
      <p>
        Nothing in a GAN knows of digits. Give it letters, leaves or faces, and it learns those,
        grey and as small as the recipe’s pictures. The preview shows what the networks will see: if
        you can’t tell what it is at that size, they can’t either.
      </p>
      <p>
        A few hundred pictures of one kind, seen from the same side, are a beginning; MNIST has
        60,000. With twenty, the discriminator soon knows each by heart, and the generator learns to
        draw exactly those twenty. That is worth seeing once: draw twenty digits and train on them.
      </p>
      <p>
        Your pictures stay in this browser, which keeps them with the run that learnt from them.
        Nothing is sent anywhere: the page’s policy forbids it any other address than its own.
      </p>
      <p>
        Start with <Set query="recipe=small&view=images">the small recipe</Set>; it forgives most (
        <Paper at={PAPERS.salimans2016}>Salimans and others 2016</Paper> list what helps when it
        doesn’t).
      </p>
    </>
  );
}
