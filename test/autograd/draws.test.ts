// A compiled step advances its random numbers by itself, also if it is written with public names only.
import { afterAll, expect, test } from "vitest";
import {
  adam,
  compile,
  createRng,
  dropout,
  layers,
  mean,
  normal,
  sequential,
  sigmoidCrossEntropy,
  sub,
  square,
  tensor,
  type Device,
  type Program,
  type Rng,
  type Tensor,
} from "../../src/index.ts";
import { open } from "../../src/node.ts";

const { device, close } = await open();
afterAll(close);

/** A GAN of numbers, both networks learning in turn, and what it drew. */
async function gan(on: Device, seed: number, step = 0): Promise<Program<Record<"z", Tensor>>> {
  const weights = createRng(on, seed);
  const rng = createRng(on, seed + 1, step);
  const mode = { training: true, rng };
  const g = sequential(on, "g", [3], [layers.dense(4), layers.relu(), layers.dense(1)], weights);
  const d = sequential(
    on,
    "d",
    [1],
    [layers.dense(4), layers.dropout(0.5), layers.dense(1)],
    weights,
  );
  const [forG, forD] = [adam(g), adam(d)];
  const real = tensor(on, [1, 2, 3, 4], [4, 1]);
  const loss = (logits: Tensor, labels: number): Tensor =>
    mean(sigmoidCrossEntropy(logits, { labels }));
  return compile(on, "gan", () => {
    const z = normal(rng, [4, 3]);
    const fake = g.forward(z, mode);
    forD.step(mean(sub(loss(d.forward(real, mode), 1), loss(d.forward(fake.detach(), mode), 1))));
    forG.step(loss(d.forward(g.forward(z, mode), mode), 1));
    return { z };
  });
}

const drawn = async (program: Program<Record<"z", Tensor>>): Promise<number[]> =>
  Array.from(await (await program.run()).z.read());

test("a GAN step draws other noise in each run, and the same again from the same step", async () => {
  const program = await gan(device, 5);
  const runs = [await drawn(program), await drawn(program), await drawn(program)];
  expect(new Set(runs.flat()).size).toBe(36);
  const again = await gan(device, 5);
  expect([await drawn(again), await drawn(again), await drawn(again)]).toEqual(runs);
  // A script that is started again, and resumes at step 2, compiles once more and goes on.
  expect(await drawn(await gan(device, 5, 2))).toEqual(runs[2]);
});

test("a classifier's dropout has other masks in each run, and so has a program of the same Rng", async () => {
  const rng = createRng(device, 1);
  const ones = tensor(device, new Float32Array(1000).fill(1), [1000]);
  const masks = async (of: Rng) =>
    compile(device, "masks", () => ({
      first: dropout(ones, { rate: 0.5, rng: of }),
      second: dropout(ones, { rate: 0.5, rng: of }),
    }));
  const program = await masks(rng);
  const seen: string[] = [];
  const look = async (of: Awaited<ReturnType<typeof masks>>): Promise<void> => {
    const { first, second } = await of.run();
    seen.push(String(await first.read()), String(await second.read()));
  };
  await look(program);
  await look(program);
  await look(await masks(rng)); // for a last batch of another size, say
  expect(new Set(seen).size).toBe(6);
});

test("weights that were drawn from the same Rng aren't drawn again as noise", async () => {
  const rng = createRng(device, 9);
  const before = await normal(rng, [8]).read();
  const program = await compile(device, "noise", () => ({ z: normal(rng, [8]) }));
  const first = await (await program.run()).z.read();
  expect(first).not.toEqual(before);
  const loss = await compile(device, "loss", () => ({ loss: mean(square(normal(rng, [8]))) }));
  expect((await (await loss.run()).loss.read())[0]).toBeGreaterThan(0);
});
