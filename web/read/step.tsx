// Beside the step in slow motion: what happens in one step of training.
import type { JSX } from "preact";
import { Paper, PAPERS, Set } from "./parts.tsx";

/** The explanation. */
export function ReadStep(): JSX.Element {
  return (
    <>
      <h2>What a step does</h2>
      <p>
        A step takes a handful of real digits and as many drawn ones. <em>Forward</em>, the pictures
        pass through the discriminator, and its answers become two numbers, the losses: how wrong
        the expert was, and how little the forger convinced.
      </p>
      <p>
        <em>Backward</em>, the same way is gone from the loss to the first layer. It finds, for
        every weight, in which direction the loss would rise if that weight grew: its{" "}
        <em>gradient</em>. The generator’s gradient passes through the discriminator, which is how
        it learns what the other looked at.
      </p>
      <p>
        Then each weight moves a little against its gradient. <em>Adam</em> chooses how far: it
        remembers the last gradients of each weight, so that steady ones count and noisy ones don’t
        (<Paper at={PAPERS.kingma2014}>Kingma and Ba 2014</Paper>). Some recipes draw with a moving
        average of the generator’s weights, which is calmer than any single step (
        <Paper at={PAPERS.yazici2019}>Yazıcı and others 2019</Paper>).
      </p>
      <h3>Take hold of the game</h3>
      <p>
        Train the discriminator alone for a hundred steps: D(fake) sinks towards 0, since the forger
        stands still. Then the generator alone: it catches up, against an expert that learns nothing
        new. This is the best idea of <Paper at={PAPERS.kahng2018}>GAN Lab</Paper>, which shows the
        same game with points in a plane.
      </p>
      <p>
        Slow motion runs the very kernels of the fast step, so the numbers are the same to the last
        bit. <Set query="view=inside">Inside</Set> shows the code of each.
      </p>
    </>
  );
}
