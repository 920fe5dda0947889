// Bars fit any terminal, and lose what matters least first.
import { expect, it } from "vitest";
import { barLine, wrapped } from "../../src/terminal/bar-line.ts";

const FORMAT = "{left} {bar} step {value}/{total} | epoch {epoch} | {rate} | {losses} | {verdicts}";
const fields = {
  left: "3 min 20 s left",
  epoch: "1/10",
  rate: "158 images/s",
  losses: "loss D 1.386, G 0.700",
  verdicts: "D(real) 0.50, D(fake) 0.50",
};
const state = { value: 1234, total: 37_500, fields };
const at = (columns: number): string => barLine(FORMAT, state, columns);

it("is never wider than the terminal", () => {
  for (let columns = 0; columns < 200; columns += 1) {
    expect(at(columns).length, String(columns)).toBeLessThanOrEqual(columns);
  }
});

it("drops the verdicts first, then the losses, the rate and the epoch, and keeps the time left", () => {
  const all = `3 min 20 s left █${"░".repeat(19)} step 1234/37500 | epoch 1/10 | 158 images/s | loss D 1.386, G 0.700 | D(real) 0.50, D(fake) 0.50`;
  expect(at(all.length)).toBe(all);
  expect(at(all.length - 1)).toContain("D(real)"); // the bar gives way before anything is dropped
  const shown = (columns: number): boolean[] =>
    ["D(real)", "loss D", "images/s", "epoch", "step 1234/37500", "3 min 20 s left"].map((word) =>
      at(columns).includes(word),
    );
  expect(shown(90)).toEqual([false, true, true, true, true, true]);
  expect(shown(79)).toEqual([false, false, true, true, true, true]);
  expect(shown(60)).toEqual([false, false, true, true, true, true]);
  expect(shown(50)).toEqual([false, false, false, true, true, true]);
  expect(shown(39)).toEqual([false, false, false, false, true, true]);
  expect(shown(20)).toEqual([false, false, false, false, false, true]);
});

it("leaves out what isn't known yet", () => {
  const first = { ...state, fields: { ...fields, left: "", rate: "" } };
  expect(barLine(FORMAT, first, 75)).toBe(
    `█${"░".repeat(19)} step 1234/37500 | epoch 1/10 | loss D 1.386, G 0.700`,
  );
});

it("has no bar while it isn't known how much there is to do, and counts the time itself", () => {
  const words = { words: "Compiling kernels", since: performance.now() - 75_000 };
  expect(barLine("{bar} {words}, {elapsed}", { value: 0, total: 0, fields: words }, 79)).toBe(
    "Compiling kernels, 1 min 15 s",
  );
});

it("breaks long lines at spaces", () => {
  expect(wrapped("Epoch 1/10: loss D 1.386", 12)).toEqual(["Epoch 1/10:", "loss D 1.386"]);
  expect(wrapped("/a/path/without/spaces", 10)).toEqual(["/a/path/wi", "thout/spac", "es"]);
  expect(wrapped("short", 80)).toEqual(["short"]);
});
