// Mutants of what a training step is made of beside its layers' products: batch norm, the adversarial loss, the moving
// average, the record, Adam and the counters.
import type { Mutant } from "./mutants.ts";

const oracle = (name: string): Mutant["noticed"] => ({ file: "test/ops/oracle.test.ts", name });
const adversarial = (name: string): Mutant["noticed"] => ({
  file: "test/ops/adversarial-loss.test.ts",
  name,
});

/** Mutants by shader. */
export const stepMutants: readonly Mutant[] = [
  {
    kernel: "adam.update",
    what: "the corrections are of the update before",
    from: "let correction2 = BETA2 * corrections[CORRECTIONS_AT + 1] + REST2;",
    to: "let correction2 = corrections[CORRECTIONS_AT + 1];",
    noticed: oracle("adam"),
  },
  {
    kernel: "adversarial-loss.losses",
    what: "a lane's last pair is left out",
    from: "i < COUNT; i += 64u",
    to: "i + 64u < COUNT; i += 64u",
    noticed: adversarial("either kind"),
  },
  {
    kernel: "adversarial-loss.losses",
    what: "a slope next to certainty is a difference",
    from: "return vec2f(safe_softplus(-x), -safe_sigmoid(-x));",
    to: "return vec2f(safe_softplus(-x), safe_sigmoid(x) - 1f);",
    noticed: adversarial("extreme"),
  },
  {
    kernel: "adversarial-loss.losses",
    what: "the hinge is on the other side",
    from: "if (FORM == HINGE) { return hinge(x, -1f); }",
    to: "if (FORM == HINGE) { return hinge(x, 1f); }",
    noticed: adversarial("hinge, labels smoothed by 0, 65"),
  },
  {
    kernel: "adversarial-loss.losses",
    what: "a slope beyond the bounds of probabilities",
    from: "return (p < LOW) | (p > HIGH);",
    to: "return p < LOW;",
    noticed: adversarial("probabilities at the bounds"),
  },
  {
    kernel: "adversarial-loss.losses",
    what: "every image is of the first class",
    from: "label = min(u32(labels[LABELS_AT + i]), CLASSES - 1u);",
    to: "label = min(u32(labels[LABELS_AT + i]), 0u);",
    noticed: adversarial("what it is made of"),
  },
  {
    kernel: "batch-norm.batch_partials",
    what: "E[x²] in place of squared deviations",
    from: "squares += delta * (x - mean);",
    to: "squares += x * x;",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm.normalise",
    what: "the term between runs is missing",
    from: " + delta * delta * (before * rows / (before + rows))",
    to: "",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm.infer",
    what: "ε is left out",
    from: "finish(p, vec4f(), mean, 1f / sqrt(variance + EPSILON));",
    to: "finish(p, vec4f(), mean, 1f / sqrt(variance));",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm-backward.partial_sums",
    what: "the mean isn't taken off",
    from: "sums.scaled += d * ((x_at(row, p.c) - origin - mean) * inverse);",
    to: "sums.scaled += d * ((x_at(row, p.c) - origin) * inverse);",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm-backward.affine",
    what: "dγ and dβ swapped",
    from: "if (p.split == 0u) { store_sums(p.c, sums_of_runs(p)); }",
    to: "let s = sums_of_runs(p);\n  if (p.split == 0u) { store_sums(p.c, Sums(s.plain, s.scaled)); }",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm-backward.input",
    what: "a sign",
    from: "- (shift + normal * slope)",
    to: "- (shift - normal * slope)",
    noticed: ["batchNorm"],
  },
  {
    kernel: "batch-norm-backward.inference_input",
    what: "γ is left out",
    from: "let scale = gamma_at(p.c) * stat(1u, p.c);",
    to: "let scale = stat(1u, p.c);",
    noticed: ["batchNorm"],
  },
  {
    kernel: "counters.advance",
    what: "the second correction follows the first's rate",
    from: "FIRST_RATES[i] * first[FIRST_AT + i]",
    to: "FIRST_RATES[0] * first[FIRST_AT + i]",
    noticed: oracle("adam"),
  },
  {
    kernel: "counters.advance",
    what: "two steps at once",
    from: "+= STEPS;",
    to: "+= 2u * STEPS;",
    noticed: { file: "test/ops/random.test.ts", name: "draw anew" },
  },
  {
    kernel: "moving-average.update",
    what: "early steps decay as late ones do",
    from: "max(REST, 9f / (10f + f32(state[STATE_AT + 2])))",
    to: "REST",
    noticed: { file: "test/ops/step-parts.test.ts", name: "values at step" },
  },
  {
    kernel: "step-log.record",
    what: "the ring has a slot too few",
    from: "(state[STATE_AT + 2] % CAPACITY) * COUNT",
    to: "(state[STATE_AT + 2] % max(CAPACITY - 1u, 1u)) * COUNT",
    noticed: { file: "test/ops/step-parts.test.ts", name: "scalars in a ring" },
  },
  {
    kernel: "epilogue.backward",
    file: "lib/epilogue.wgsl",
    what: "the gradient of dropped elements passes",
    from: "y = select(0f, y * SCALE, keeps(at));",
    to: "y = y * SCALE;",
    noticed: ["conv2d"],
  },
  {
    kernel: "conv2d-data-gradient.tiled",
    file: "lib/epilogue.wgsl",
    what: "a part of the batch gets the mask of the first rows",
    from: "philox(vec4u((FIRST + at) / 4u,",
    to: "philox(vec4u(at / 4u,",
    noticed: { file: "test/fusion.test.ts", name: "the masks of those rows" },
  },
  {
    kernel: "conv2d-forward.tiled",
    file: "lib/epilogue.wgsl",
    what: "the derivative is the function",
    from: "pull(y.x, f32(kept[KEPT_AT + index.x]))",
    to: "value(y.x)",
    noticed: ["convTranspose2d", "conv2d"],
  },
];
