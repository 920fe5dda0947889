// What the visitor looks at within a view, and its place in the page's address: the same link shows the same.
import { effect } from "@preact/signals";
import { CHOICES } from "../lab/choices.ts";
import type { Directions, Rotation } from "../lab/latent.ts";
import { chosen, real, seed } from "./inside.ts";
import { choice, directions, keepTurn, rotation, stretch } from "./latent.ts";
import { askLearner, learner } from "./slow.ts";
import { hasRun, showAddress, view, type View } from "./state.ts";
import { chosenSubject } from "./subject.ts";
import { MIDDLE } from "./turning.ts";

/** A part of the address that belongs to some views. */
interface Sight {
  readonly views: readonly View[];
  /** Returns its text; empty if it is as in a page that was just opened. */
  readonly write: () => string;
  /** Takes a text over. What it doesn't understand stays as it was: the address is then written anew. */
  readonly read: (text: string) => void;
}

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** Returns the word before a dot, and the whole number after it. */
function numbered(text: string): readonly [word: string, number: number | undefined] {
  const [, word = "", number] = /^(\w+)\.(\d{1,9})$/.exec(text) ?? [];
  return [word, whole(number)];
}

const shortly = (value: number): string => String(Number(value.toFixed(4)));

const SIGHTS: Readonly<Record<string, Sight>> = {
  whose: {
    views: ["latent", "draw"],
    write: () => (chosenSubject.value === "run" ? "run" : ""),
    read(text) {
      if (text === "run") chosenSubject.value = "run";
    },
  },
  digit: {
    views: ["latent"],
    write() {
      const { seed: from, index, isFound } = choice.value;
      return isFound || (from === FIRST.seed && index === FIRST.index) ? "" : `${from}.${index}`;
    },
    read(text) {
      const [from, index] = numbered(text);
      const found = whole(from);
      if (found === undefined || index === undefined || index >= CHOICES) return;
      choice.value = { ...choice.value, seed: found, index };
    },
  },
  as: {
    views: ["latent"],
    write: () => (choice.value.digit === undefined ? "" : String(choice.value.digit)),
    read(text) {
      const digit = whole(text);
      if (digit !== undefined && digit < 10) choice.value = { ...choice.value, digit };
    },
  },
  directions: {
    views: ["latent"],
    write() {
      const { value } = directions;
      const number = value.kind === "found" ? value.from : value.seed;
      return value.kind === "found" && number === 0 ? "" : `${value.kind}.${number}`;
    },
    read(text) {
      const [kind, number] = numbered(text);
      const found: Directions | undefined =
        number === undefined
          ? undefined
          : kind === "found"
            ? { kind, from: number }
            : kind === "shuffled"
              ? { kind, seed: number }
              : undefined;
      if (found) directions.value = found;
    },
  },
  turn: {
    views: ["latent"],
    write() {
      const { value } = rotation;
      return value.every((each, i) => shortly(each) === shortly(MIDDLE[i]!))
        ? ""
        : value.map(shortly).join(",");
    },
    read(text) {
      const numbers = text.split(",").map(Number);
      const norm = Math.hypot(...numbers);
      if (numbers.length !== 4 || !(norm > 0.9 && norm < 1.1)) return;
      const [x, y, z, w] = numbers.map((each) => each / norm);
      const turned: Rotation = [x!, y!, z!, w!];
      rotation.value = turned;
    },
  },
  stretch: {
    views: ["latent"],
    write: () => (stretch.value === 1 ? "" : shortly(stretch.value)),
    read(text) {
      const value = Number(text);
      if (text !== "" && value >= 0 && value <= 2) stretch.value = value;
    },
  },
  layer: {
    views: ["inside"],
    write() {
      const { network, layer } = chosen.value;
      return network === "generator" && layer === 0 ? "" : `${network}.${layer}`;
    },
    read(text) {
      const [network, layer] = numbered(text);
      if (layer === undefined || (network !== "generator" && network !== "discriminator")) return;
      chosen.value = { network, layer };
    },
  },
  sample: {
    views: ["inside"],
    write: () => (seed.value === 1 ? "" : String(seed.value)),
    read(text) {
      const value = whole(text);
      if (value !== undefined) seed.value = value;
    },
  },
  real: {
    views: ["inside"],
    write: () => (real.value ? "1" : ""),
    read(text) {
      real.value = text === "1";
    },
  },
  learn: {
    views: ["step"],
    write: () => (learner.value === "both" ? "" : learner.value),
    read(text) {
      if (text === "generator" || text === "discriminator") askLearner(text);
    },
  },
};

/** The choice of a page that was just opened. */
const FIRST = choice.peek();

const REST_MS = 300; // browsers count how often an address changes

/** Takes over what the address says of the view, and writes what changes there from then on. Call once. */
export function followSight(): void {
  const address = new URLSearchParams(location.search);
  for (const [name, sight] of Object.entries(SIGHTS)) {
    const text = address.get(name);
    if (text !== null && sight.views.includes(view.peek())) sight.read(text);
  }
  keepTurn();
  let due: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const texts = Object.entries(SIGHTS).map(
      ([name, { views, write }]) => [name, views.includes(view.value) ? write() : ""] as const,
    );
    // Who learns is asked for when there is a run: until then, the address keeps it.
    const waits = (name: string): boolean => name === "learn" && !hasRun.value;
    clearTimeout(due);
    due = setTimeout(() => {
      const parameters = new URLSearchParams(location.search);
      for (const [name, text] of texts) {
        if (text !== "") parameters.set(name, text);
        else if (!waits(name)) parameters.delete(name);
      }
      if (String(parameters) !== String(new URLSearchParams(location.search))) {
        showAddress(parameters);
      }
    }, REST_MS);
  });
}
