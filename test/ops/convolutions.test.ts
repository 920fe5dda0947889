// The convolutions' rows of the op table on the device, and which variant runs when nobody says.
import { describe, expect, test } from "vitest";
import { conv2d, matmul } from "../../src/autograd/ops.ts";
import { variable, vectorJacobian } from "../../src/autograd/tensor.ts";
import { testDevice } from "../support/device.ts";
import { capPipelines, prove } from "./prove.ts";
import { table } from "./table.ts";

const device = await testDevice();

prove(device, "conv2d", table.conv2d);
prove(device, "convTranspose2d", table.convTranspose2d);

describe("variants by default", () => {
  const labels = (body: () => void): string[] =>
    device.record("variants", body).dispatches.map(({ label }) => label);

  test.each([
    { channels: 16, filters: 32, ran: ["tiled", "tiled", "tiled"] },
    { channels: 1, filters: 16, ran: ["tiled", "narrow", "tiled"] },
    { channels: 16, filters: 1, ran: ["direct", "tiled", "direct"] },
    { channels: 16, filters: 32, groups: 2, ran: ["direct", "direct", "direct"] },
    { channels: 16, filters: 32, dilations: 2, ran: ["tiled", "direct", "tiled"] },
    { channels: 16, filters: 32, strides: 300, ran: ["tiled", "direct", "tiled"] },
  ])(
    "a convolution of $channels to $filters channels, groups $groups, dilations $dilations, strides $strides",
    ({ channels, filters, groups = 1, dilations = 1, strides = 1, ran }) => {
      const [forward, data, weight] = ran;
      const found = labels(() => {
        const x = variable(device.empty([1, 6, 6, channels]));
        const filter = variable(device.empty([3, 3, channels / groups, filters]));
        const y = conv2d(x, filter, { groups, dilations, strides, padding: "same" });
        vectorJacobian(y, device.empty(y.shape), [x, filter]);
      });
      expect(found.slice(0, 3)).toEqual([
        `conv2d-forward.${forward}`,
        `conv2d-data-gradient.${data}`,
        `conv2d-weight-gradient.${weight}`,
      ]);
    },
  );

  test.each([
    {
      shapes: [
        [8, 5],
        [5, 8],
      ],
      ran: "tiled",
    },
    {
      shapes: [
        [3, 5],
        [5, 8],
      ],
      ran: "direct",
    },
    {
      shapes: [
        [8, 5],
        [5, 1],
      ],
      ran: "direct",
    },
    {
      shapes: [
        [70_000, 4, 2],
        [2, 4],
      ],
      ran: "direct",
    },
  ])("a product of $shapes", ({ shapes: [a, b], ran }) => {
    const found = labels(() => {
      matmul(variable(device.empty(a!)), variable(device.empty(b!)));
    });
    expect(found).toEqual([`matmul.${ran}`]);
  });
});

capPipelines(device, 500);
