// Draws digits on the page's paper by mouse.
import type { Page } from "playwright-core";
import { handDigits } from "./hand-digits.ts";

/** Returns where the paper's points are on the screen. */
export async function paperOf(page: Page): Promise<(x: number, y: number) => [number, number]> {
  await page.locator("#paper").scrollIntoViewIfNeeded();
  const { x: left, y: top, width, height } = (await page.locator("#paper").boundingBox())!;
  return (x, y) => [left + x * width, top + y * height];
}

/** Draws a digit on the paper as a hand with a mouse does. */
export async function drawByMouse(page: Page, digit: number): Promise<void> {
  const at = await paperOf(page);
  for (const stroke of handDigits[digit]!) {
    await page.mouse.move(...at(stroke[0]!, stroke[1]!));
    await page.mouse.down();
    for (let i = 2; i < stroke.length; i += 2) {
      await page.mouse.move(...at(stroke[i]!, stroke[i + 1]!), { steps: 2 });
    }
    await page.mouse.up();
  }
}
