// The lab's part for latent space: a digit in one's hand, those around it, and the walk between two.
import { generatorInputs, type Models } from "../../src/gan.ts";
import {
  arc,
  compileDrawing,
  hold,
  principalDirections,
  randomDirections,
  turned,
  UsageError,
  type Drawing,
  type Hold,
  type PrincipalDirection,
} from "../../src/web.ts";
import type { Bench, Subject } from "./bench.ts";
import { CHOICES } from "./choices.ts";
import type { Found } from "./draw.ts";
import { oncePer } from "./once-per.ts";

/** Where the directions come from: the next three that were found from a rank on, or any, drawn from a seed. */
export type Directions =
  | { readonly kind: "found"; readonly from: number }
  | { readonly kind: "shuffled"; readonly seed: number };

/** What is taken in hand: one of the choices, as the class that it has or as another. */
export interface Grip {
  readonly subject: Subject;
  /** The seed of the choices. */
  readonly seed: number;
  readonly index: number;
  /** Whether it is the digit that a search in the view “Draw” found instead, if that is of the same network. */
  readonly isFound: boolean;
  readonly digit: number | undefined;
  readonly directions: Directions;
}

/** What the page says about a grip. */
export interface GripFacts {
  /** Numbers in a latent, classes behind it, and the latent's norm. */
  readonly latent: number;
  readonly classes: number;
  readonly norm: number;
  /** The class that is drawn, if there are any. */
  readonly digit: number | undefined;
  /** The share of the first layer's squared weights along each direction, if they were found. */
  readonly shares: readonly number[] | undefined;
}

/** An end of the walk. */
export type End = "from" | "to";

/** A rotation as a quaternion (x, y, z, w). */
export type Rotation = readonly [number, number, number, number];

/** What the page may ask for. */
export interface LatentMethods {
  /** Paints the digits to choose from, so many per row. */
  showChoices(subject: Subject, seed: number, columns: number): Promise<void>;
  /** Takes a digit in hand, and paints it as it is. */
  takeInHand(grip: Grip): Promise<GripFacts>;
  /** Paints the digit that a turn of the hand leads to. */
  turnTo(rotation: Rotation, stretch: number): Promise<void>;
  /** Paints the digits that several turns lead to, row by row. */
  showAround(rotations: readonly Rotation[], stretch: number): Promise<void>;
  /** Makes the digit in hand an end of the walk, and paints the way if it has both ends. Resolves to its angle. */
  setEnd(end: End): Promise<number | undefined>;
  /** Paints the digit at a share of the way, 0 to 1. */
  walkTo(share: number): Promise<void>;
}

/** How many digits there are around the one in hand, and on the way. */
const AROUND = 5;
const STOPS = 9;

interface Held {
  readonly models: Models;
  readonly hold: Hold;
  readonly oneHot: Float32Array;
  /** The generator's inputs after the last turn. */
  inputs: Float32Array<ArrayBuffer>;
}

/** Returns the part of the lab for latent space. */
export function latentSpace(bench: Bench, search: Found): LatentMethods {
  const drawings = new WeakMap<Models, Map<string, Promise<Drawing>>>();
  let held: Held | undefined;
  let ends: Partial<Record<End, Held>> = {};

  const drawing = (models: Models, name: string, count: number): Promise<Drawing> => {
    const known = drawings.get(models) ?? new Map<string, Promise<Drawing>>();
    drawings.set(models, known);
    const made = known.get(name) ?? compileDrawing(models, count, name);
    known.set(name, made);
    return made;
  };

  const show = async (
    models: Models,
    name: string,
    inputs: Float32Array<ArrayBuffer>,
    count: number,
    columns: number,
  ): Promise<void> => {
    const { inputs: place, program, images } = await drawing(models, name, count);
    await bench.turn(async () => {
      place.write(inputs);
      await program.run();
      const [height, width] = models.recipe.image;
      await bench.painter.paint(name, { array: images, count, height, width, columns });
    });
  };

  const find = (models: Models): Promise<readonly PrincipalDirection[]> =>
    bench.turn(() => principalDirections(models));
  const findOnce = oncePer(find);

  /** The directions, and the shares of the first three if they were found. */
  const directionsOf = async (models: Models, { subject, directions }: Grip) => {
    if (directions.kind === "shuffled") {
      return { list: randomDirections(models.recipe.latent, directions.seed), shares: undefined };
    }
    // Weights change while they are learnt, and with them the directions: those of a run are found anew each time.
    const all = await (subject === "run" ? find : findOnce)(models);
    const found = all.slice(directions.from);
    return {
      list: found.map(({ direction }) => direction),
      shares: found.slice(0, 3).map(({ share }) => share),
    };
  };

  const inHand = (): Held => {
    if (held) return held;
    throw new UsageError("no digit is in hand: choose one first");
  };

  const turnedInputs = ({ hold: at, oneHot }: Held, rotation: Rotation, stretch: number) =>
    Float32Array.of(...turned(at, rotation, stretch), ...oneHot);

  const turnTo: LatentMethods["turnTo"] = async (rotation, stretch) => {
    const hand = inHand();
    hand.inputs = turnedInputs(hand, rotation, stretch);
    await show(hand.models, "latent", hand.inputs, 1, 1);
  };

  return {
    turnTo,

    async showChoices(subject, seed, columns) {
      const models = await bench.models(subject);
      const inputs = await bench.turn(() => generatorInputs(models, seed, CHOICES));
      await show(models, "choices", inputs, CHOICES, columns);
    },

    async takeInHand(grip) {
      const { subject, seed, index, isFound, digit } = grip;
      const models = await bench.models(subject);
      const { latent, classes = 0 } = models.recipe;
      const inputs = await bench.turn(() => generatorInputs(models, seed, CHOICES));
      const length = inputs.length / CHOICES;
      const found = isFound && search.models === models ? search.inputs : undefined;
      const own = found ?? inputs.slice(index * length, (index + 1) * length);
      const oneHot = own.slice(latent);
      if (digit !== undefined && digit < classes) {
        oneHot.fill(0);
        oneHot[digit] = 1;
      }
      const { list, shares } = await directionsOf(models, grip);
      if (held && held.models !== models) ends = {};
      const taken = hold(own.subarray(0, latent), list);
      held = { models, hold: taken, oneHot, inputs: own };
      await turnTo([0, 0, 0, 1], 1);
      return {
        latent,
        classes,
        norm: taken.norm,
        digit: classes > 0 ? oneHot.indexOf(1) : undefined,
        shares,
      };
    },

    async showAround(rotations, stretch) {
      if (!bench.painter.has("around")) return; // another view holds the ball
      const hand = inHand();
      const all = rotations.map((rotation) => turnedInputs(hand, rotation, stretch));
      const inputs = Float32Array.from(all.flatMap((each) => [...each]));
      await show(hand.models, "around", inputs, AROUND ** 2, AROUND);
    },

    async setEnd(end) {
      const hand = inHand();
      ends[end] = { ...hand };
      const { from, to } = ends;
      if (!from || !to) return undefined;
      const { angle, at } = wayBetween(from, to);
      const stops = Array.from({ length: STOPS }, (_, i) => [...at(i / (STOPS - 1))]);
      await show(hand.models, "way", Float32Array.from(stops.flat()), STOPS, STOPS);
      return angle;
    },

    async walkTo(share) {
      const { from, to } = ends;
      if (!from || !to) throw new UsageError("the walk has no two ends yet: choose them first");
      await show(from.models, "walk", wayBetween(from, to).at(share), 1, 1);
    },
  };
}

/** The way from one digit to another: along the sphere, and straight from class to class. */
function wayBetween(
  from: Held,
  to: Held,
): { readonly angle: number; readonly at: (share: number) => Float32Array<ArrayBuffer> } {
  const latent = from.models.recipe.latent;
  const { angle, at } = arc(from.inputs.subarray(0, latent), to.inputs.subarray(0, latent));
  return {
    angle,
    at: (share) =>
      Float32Array.of(
        ...at(share),
        ...from.oneHot.map((value, i) => (1 - share) * value + share * to.oneHot[i]!),
      ),
  };
}
