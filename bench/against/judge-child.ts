// A contestant's process that trains the first judge of the checkout in whose folder it runs. What the benchmark calls
// a step is an epoch here: a few steps of the judge, without any test images.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Contestant } from "../contestants/contestant.ts";
import { serve } from "../contestants/serve.ts";
import { createStand } from "../contestants/stand.ts";
import { countCalls } from "../counters.ts";
import { JUDGE_STEPS } from "./judge-steps.ts";

/** Returns the address of a module of that checkout, at the first of the paths that it has had. */
function theirs(...paths: readonly string[]): string {
  const path = paths.find((each) => existsSync(resolve(each)));
  if (path === undefined)
    throw new Error(`the judge can't be trained: there is no ${paths.join(" and no ")}`);
  return pathToFileURL(resolve(path)).href;
}

type Sources = [
  typeof import("../../src/node.ts"),
  typeof import("../../src/judge/designs.ts"),
  typeof import("../../src/judge/train-judge.ts"),
];

/** Returns grey images, with their classes in turn. A step's cost doesn't depend on them. */
function images(count: number, side: number, classes: number) {
  return {
    images: Uint8Array.from({ length: count * side * side }, (_, i) => (i * 7) % 256),
    labels: Uint8Array.from({ length: count }, (_, i) => i % classes),
    count,
    height: side,
    width: side,
  };
}

await serve(async (options) => {
  const [{ open }, { CLASSES, designs, SIDE }, { trainJudge }]: Sources = await Promise.all([
    import(theirs("src/node.ts")),
    import(theirs("src/judge/designs.ts")),
    import(theirs("src/judge/train-judge.ts", "src/judge/train.ts")),
  ]);
  const { device, adapter } = await open(options.adapter);
  const create = async (): Promise<Contestant> => {
    const design = designs.first;
    const training = trainJudge(device, {
      design,
      train: images(JUDGE_STEPS * design.batch, SIDE, CLASSES),
      test: images(0, SIDE, CLASSES),
      epochs: 100_000, // never reached: the learning rate, a constant of the program, stays the first
    });
    const progress = training.run();
    let loss = Number.NaN;
    return {
      async step() {
        for (let ended = false; !ended;) {
          const { value } = await progress.next();
          if (!value) throw new Error("the judge's training has ended");
          loss = value.loss;
          ended = value.accuracy !== undefined; // of no images: NaN
        }
      },
      losses: () => Promise.resolve({ lossD: loss, lossG: loss }),
      gradientNorms: () => Promise.resolve([]),
      datasetBytes: 0,
    };
  };
  const createKernel = (): never => {
    throw new Error("the judge has no kernels to time");
  };
  return { stand: createStand(countCalls(), { create, createKernel }), adapter: adapter.name };
});
