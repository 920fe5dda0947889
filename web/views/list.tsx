// The views: a title, a body, and what stands beside it to read.
import type { FunctionComponent } from "preact";
import { ReadDraw } from "../read/draw.tsx";
import { ReadGpu } from "../read/gpu.tsx";
import { ReadImages } from "../read/images.tsx";
import { ReadInside } from "../read/inside.tsx";
import { ReadKeep } from "../read/keep.tsx";
import { ReadLatent } from "../read/latent.tsx";
import { ReadStep } from "../read/step.tsx";
import { ReadWatch } from "../read/watch.tsx";
import type { View } from "../state/state.ts";
import { Draw } from "./draw.tsx";
import { Gpu } from "./gpu.tsx";
import { Images } from "./images.tsx";
import { Inside } from "./inside.tsx";
import { Keep } from "./keep.tsx";
import { Latent } from "./latent.tsx";
import { SlowStep } from "./step.tsx";
import { Watch } from "./watch.tsx";

/** A view as the page shows it. */
export interface ViewParts {
  readonly title: string;
  readonly Body: FunctionComponent;
  readonly Reading: FunctionComponent;
}

/** Every view. */
export const VIEW_PARTS: Readonly<Record<View, ViewParts>> = {
  watch: { title: "Watch", Body: Watch, Reading: ReadWatch },
  step: { title: "A step", Body: SlowStep, Reading: ReadStep },
  latent: { title: "Latent space", Body: Latent, Reading: ReadLatent },
  draw: { title: "Draw", Body: Draw, Reading: ReadDraw },
  inside: { title: "Inside", Body: Inside, Reading: ReadInside },
  images: { title: "Own images", Body: Images, Reading: ReadImages },
  keep: { title: "Keep", Body: Keep, Reading: ReadKeep },
  gpu: { title: "Your GPU", Body: Gpu, Reading: ReadGpu },
};
