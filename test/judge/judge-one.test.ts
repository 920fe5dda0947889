// One image at a time, as the page's drawings are judged: the same answer as among others, up to rounding.
import { expect, test } from "vitest";
import { fromBytes, mnist } from "../../src/data.ts";
import { ShapeError } from "../../src/gpu/errors.ts";
import { designs } from "../../src/judge/designs.ts";
import { createNetworks, judgeImages, judgeOne } from "../../src/judge/judge.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

test("one image gets the answer that it gets among others", async () => {
  const judge = createNetworks(device, designs.first, 3);
  const { images } = await mnist("test");
  const pixels = fromBytes(images.subarray(0, 2 * 784));
  const { probabilities } = await judgeImages(judge, pixels, 2);
  for (const which of [0, 1]) {
    const alone = await judgeOne(judge, pixels.slice(which * 784, (which + 1) * 784));
    expect(alone.length).toBe(10);
    alone.forEach((value, digit) =>
      expect(value).toBeCloseTo(probabilities[which * 10 + digit]!, 5),
    );
  }
  await expect(judgeOne(judge, new Float32Array(10))).rejects.toThrow(ShapeError);
});
