// What is in the visitor's hand in latent space, and how it is drawn: one digit after another, as fast as the lab can.
import { signal, type Signal } from "@preact/signals";
import type { Directions, GripFacts, Rotation } from "../lab/latent.ts";
import { keepUp } from "./actions.ts";
import { lab } from "./lab.ts";
import { chosenSubject, subject } from "./subject.ts";
import { MIDDLE, rotationsAround } from "./turning.ts";

/** The choice that was taken in hand, and the class as which it is drawn. */
export const choice: Signal<{
  readonly seed: number;
  readonly index: number;
  /** Whether it is what a search in the view “Draw” found instead. */
  readonly isFound: boolean;
  readonly digit: number | undefined;
}> = signal({ seed: 1, index: 3, isFound: false, digit: undefined });
export const directions: Signal<Directions> = signal({ kind: "found", from: 0 });
/** What is known of the digit in hand; undefined until there is one. */
export const facts: Signal<GripFacts | undefined> = signal(undefined);
/** How the ball is turned. */
export const rotation: Signal<Rotation> = signal(MIDDLE);
/** How far from the middle of latent space, as a share of the latent's own distance. */
export const stretch: Signal<number> = signal(1);
/** Digits drawn per second while the ball turns; undefined at rest. */
export const rate: Signal<number | undefined> = signal(undefined);
/** Whether all is drawn as the ball is turned, the digits around it too. */
export const isSettled: Signal<boolean> = signal(false);

/** How many of the digits to choose from stand in a row: few where a finger would miss them. */
export const columns = (): number => (matchMedia("(max-width: 620px)").matches ? 5 : 10);

/** Digits along each side of the neighbourhood, and the angle from one to the next. */
const SIDE = 5;
const ANGLE = Math.PI / 8;
const REST_MS = 150;

let isDue = false;
let isDrawing = false;
let resting: ReturnType<typeof setTimeout> | undefined;
let times: number[] = [];

/** Turns the ball, and draws the digit that it leads to. */
export function turn(to: Rotation): void {
  rotation.value = to;
  redraw();
}

/** Draws the digit in hand again: the ball was turned, or the weights have changed. At most one drawing is under way. */
export function redraw(): void {
  if (!facts.value) return;
  isSettled.value = false;
  isDue = true;
  if (isDrawing) return;
  isDrawing = true;
  void keepUp(async () => {
    try {
      while (isDue) {
        isDue = false;
        await lab.turnTo(rotation.value, stretch.value);
        countDigit();
        await new Promise(requestAnimationFrame);
      }
    } finally {
      isDrawing = false;
    }
    rest();
  });
}

function countDigit(): void {
  const now = performance.now();
  times = [...times.filter((time) => now - time < 1000), now];
  if (times.length > 4) rate.value = ((times.length - 1) * 1000) / (now - times[0]!);
}

// The neighbourhood is 25 times the work of one digit: it waits until the hand pauses.
function rest(): void {
  clearTimeout(resting);
  resting = setTimeout(() => {
    times = [];
    rate.value = undefined;
    void keepUp(async () => {
      if (isDrawing || !facts.value) return;
      await lab.showAround(rotationsAround(rotation.value, SIDE, ANGLE), stretch.value);
      if (!isDrawing) isSettled.value = true;
    });
  }, REST_MS);
}

let taking: Promise<void> = Promise.resolve();

/**
 * Paints the digits to choose from, and takes the chosen one in hand: as it is, or turned as it was if it was in hand
 * before, and only the view, the device or the weights are others.
 */
export function takeFresh(): Promise<void> {
  taking = taking.then(() =>
    keepUp(async () => {
      facts.value = undefined;
      isSettled.value = false;
      await lab.showChoices(subject.value, choice.value.seed, columns());
    }),
  );
  return takeAgain();
}

/** Takes the chosen digit in hand, turned as it was if it was in hand last. */
export const takeAgain = (): Promise<void> => take(last === wordsOf());

// The choice of a network counts, not which one there is so far: a link's turn waits for the run that it belongs to.
const wordsOf = (): string => JSON.stringify([chosenSubject.value, choice.value, directions.value]);

/** What was in hand last, in words; at first, what the address says. */
let last = "";

/** Takes it that the ball is turned as it is for what is chosen: a link said both. */
export function keepTurn(): void {
  last = wordsOf();
}

/** Takes the chosen digit in hand; what is asked for last is in the hand last. `isKept` keeps the ball as it is turned. */
export function take(isKept = false): Promise<void> {
  last = wordsOf();
  taking = taking.then(() =>
    keepUp(async () => {
      const { seed, index, isFound, digit } = choice.value;
      const taken = await lab.takeInHand({
        subject: subject.value,
        seed,
        index,
        isFound,
        digit,
        directions: directions.value,
      });
      facts.value = taken;
      if (!isKept) {
        rotation.value = MIDDLE;
        stretch.value = 1;
      }
      redraw();
    }),
  );
  return taking;
}
