// How many digits there are to choose from in latent space, for the lab and for the page.

/** The choices. */
export const CHOICES = 20;
