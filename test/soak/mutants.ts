// The mutants: one wrong kernel each, for every entry point of every shader. `npm run soak -- mutants` checks that the
// tests named with a mutant fail on it; otherwise they prove less than they seem to.
import { axisMutants } from "./axis-mutants.ts";
import { ceilingsMutants } from "./ceilings-mutants.ts";
import { filterMutants } from "./filter-mutants.ts";
import { elementMutants } from "./element-mutants.ts";
import { gpuMutants } from "./gpu-mutants.ts";
import { lanesMutants } from "./lanes-mutants.ts";
import { lossMutants } from "./loss-mutants.ts";
import { normMutants } from "./norm-mutants.ts";
import { splitMutants } from "./split-mutants.ts";
import { stepMutants } from "./step-mutants.ts";

/** One change to one entry point's code. */
export interface Mutant {
  /** The entry point that it spoils, as dispatches are labelled. */
  readonly kernel: string;
  /** What goes wrong, in words. */
  readonly what: string;
  /** Text that the shader (or the library below `lib/`) holds once, and what takes its place. */
  readonly from: string;
  readonly to: string;
  /** The file below `shaders/`, where it isn't the kernel's own. */
  readonly file?: string;
  /** The ops whose rows must notice, or a test file and a part of a test's name. */
  readonly noticed: readonly string[] | { readonly file: string; readonly name: string };
}

/** The op's row is where a mutant should be noticed. */
const by = (...ops: string[]): readonly string[] => ops;
const random = (name: string): Mutant["noticed"] => ({ file: "test/kernels/random.test.ts", name });

/** The path below `shaders/` of the file that a mutant changes. */
export function fileOf({ kernel, file }: Mutant): string {
  return file ?? `${kernel.slice(0, kernel.lastIndexOf("."))}.wgsl`;
}

/** Every mutant, by shader. */
export const mutants: readonly Mutant[] = [
  {
    kernel: "binary.binary",
    what: "a stride of b",
    file: "lib/broadcast.wgsl",
    from: "d4 * B_STRIDES[4]",
    to: "d4 * A_STRIDES[4]",
    noticed: by("add"),
  },
  {
    kernel: "conv2d-forward.tiled",
    what: "the bound at the bottom is dropped",
    file: "lib/taps.wgsl",
    from: "(row >= 0) & (row < i32(HEIGHT)) & (column",
    to: "(row >= 0) & (column",
    noticed: by("conv2d"),
  },
  {
    kernel: "conv2d-forward.direct",
    what: "the last column of taps is missing",
    from: "    for (var j = 0u; j < KERNEL_W; j++) {\n      let at = tap(m, i, j);",
    to: "    for (var j = 0u; j + 1u < KERNEL_W; j++) {\n      let at = tap(m, i, j);",
    noticed: by("conv2d"),
  },
  {
    kernel: "conv2d-data-gradient.tiled",
    what: "a stride between columns",
    file: "lib/phases.wgsl",
    from: "let x = phase.first.x + (m % phase.count.x) * STRIDE_W;",
    to: "let x = phase.first.x + (m % phase.count.x) * STRIDE_H;",
    noticed: by("conv2d", "convTranspose2d"),
  },
  {
    kernel: "conv2d-data-gradient.narrow",
    what: "the taps of the phase's first row are all there is",
    from: "      let column = strip.x - i32(j);",
    to: "      if (i > 0u) { continue; }\n      let column = strip.x - i32(j);",
    noticed: by("conv2d", "convTranspose2d"),
  },
  {
    kernel: "conv2d-data-gradient.direct",
    what: "the padding's sign",
    from: "i32(y) + PAD_TOP - i32(i * DILATION_H)",
    to: "i32(y) - PAD_TOP - i32(i * DILATION_H)",
    noticed: by("conv2d", "convTranspose2d"),
  },
  {
    kernel: "conv2d-weight-gradient.tiled",
    what: "the last pixel of a run is left out",
    from: "for (var pixel = run * CHUNK; pixel < end; pixel++) {\n    let p =",
    to: "for (var pixel = run * CHUNK; pixel + 1u < end; pixel++) {\n    let p =",
    noticed: by("conv2d"),
  },
  {
    kernel: "conv2d-weight-gradient.direct",
    what: "a group reads the first group's channels",
    from: "let channel = (k / (FILTERS / GROUPS)) * width + ",
    to: "let channel = ",
    noticed: by("conv2d"),
  },
  {
    kernel: "dataset.gather",
    what: "the walk stops one image early",
    from: "if (x < IMAGES) { break; }",
    to: "if (x <= IMAGES) { break; }",
    noticed: random("epoch"),
  },
  {
    kernel: "dataset.gather_labels",
    what: "a class is read one byte further in its word",
    from: "(8u * (image % 4u))",
    to: "(8u * ((image + 1u) % 4u))",
    noticed: random("epoch"),
  },
  {
    kernel: "gather.gather",
    what: "the second batch goes by the first one's indices",
    from: "row((lead / OUTER) * PICKS + i)",
    to: "row(i)",
    noticed: by("gather"),
  },
  {
    kernel: "gather.link",
    what: "each index is followed by itself",
    from: "i = at - ROWS + 1u;",
    to: "i = at - ROWS;",
    noticed: by("gather"),
  },
  {
    kernel: "gather.gradient",
    what: "the last index's term is left out",
    from: "if (i >= PICKS) { break; }\n      sum",
    to: "if (i + 1u >= PICKS) { break; }\n      sum",
    noticed: by("gather"),
  },
  {
    kernel: "matmul.tiled",
    what: "the bound on columns is dropped",
    from: "j < 4u && n + j < N",
    to: "j < 4u && n <= N",
    noticed: by("matmul"),
  },
  {
    kernel: "matmul.direct",
    what: "the last term is missing",
    from: "for (var k = zero; k < K; k++)",
    to: "for (var k = zero; k + 1u < K; k++)",
    noticed: by("matmul"),
  },
  {
    kernel: "move.copy",
    what: "the walk starts at the input's first element",
    from: "INP_START + d0",
    to: "d0",
    noticed: by("slice"),
  },
  {
    kernel: "move.fill",
    what: "the last word is left out",
    from: "if (index < COUNT)",
    to: "if (index + 1u < COUNT)",
    noticed: by("pad"),
  },
  {
    kernel: "one-hot.one_hot",
    what: "a negative index counts from the end, asked or not",
    from: "WRAP & (index < 0)",
    to: "index < 0",
    noticed: by("oneHot"),
  },
  {
    kernel: "pad.forward",
    what: "symmetric copies before the first element lie as reflected ones do",
    from: "BEFORE - (SEAM + j)",
    to: "BEFORE - j",
    noticed: by("pad"),
  },
  {
    kernel: "pad.backward",
    what: "the outermost copy before the first element is left out",
    from: "k + SEAM <= BEFORE",
    to: "k + SEAM < BEFORE",
    noticed: by("pad"),
  },
  {
    kernel: "pool.max_forward",
    what: "a window in the padding alone gives −0",
    from: "0xff800000u; // −∞",
    to: "0x80000000u; // −∞",
    noticed: by("maxPool"),
  },
  {
    kernel: "pool.max_winner",
    what: "the last of the largest wins",
    from: "(value > best)",
    to: "(value >= best)",
    noticed: by("maxPool"),
  },
  {
    kernel: "pool.max_backward",
    what: "a NaN multiplied by 0",
    from: "row += select(0f, dout[DOUT_AT + window], mine);",
    to: "row += dout[DOUT_AT + window] * f32(mine);",
    noticed: by("maxPool"),
  },
  {
    kernel: "pool.max_backward_apart",
    what: "pixels behind the last window are left as they were",
    from: "min((at.y + 1) * KERNEL_H, HEIGHT)",
    to: "min((at.y + 1) * KERNEL_H, OUT_HEIGHT * KERNEL_H)",
    noticed: by("maxPool"),
  },
  {
    kernel: "pool.average_forward",
    what: "the left's padding counts as the right's",
    from: "vec2i(PAD_BOTTOM, PAD_RIGHT), COUNT",
    to: "vec2i(PAD_BOTTOM, PAD_LEFT), COUNT",
    noticed: by("avgPool"),
  },
  {
    kernel: "pool.average_backward",
    what: "rows between two taps get a share",
    from: "% DILATION_H != 0) { continue; }",
    to: "% DILATION_H < 0) { continue; }",
    noticed: by("avgPool"),
  },
  {
    kernel: "power.forward",
    what: "the logarithm is a single float",
    from: "let low = (e - e_head) * log.x + e * log.y;",
    to: "let low = (e - e_head) * log.x;",
    noticed: by("pow"),
  },
  {
    kernel: "power.backward",
    what: "the slope in b at a = 0",
    from: "0f, x_is_0 && y >= 0f)",
    to: "0f, x_is_0 && y > 0f)",
    noticed: by("pow"),
  },
  {
    kernel: "random.uniform_noise",
    what: "the range's low end counts twice",
    from: "LOW + (HIGH - LOW) * unit",
    to: "LOW + HIGH * unit",
    noticed: random("another range"),
  },
  {
    kernel: "random.normal_noise",
    what: "both pairs are of the same words",
    from: "normal_pair(words.zw)",
    to: "normal_pair(words.xy)",
    noticed: random("normal numbers"),
  },
  {
    kernel: "random.bernoulli_noise",
    what: "0 and 1 swapped",
    from: "select(0f, 1f, unit(words[i]) < PROBABILITY)",
    to: "select(1f, 0f, unit(words[i]) < PROBABILITY)",
    noticed: random("bernoulli"),
  },
  {
    kernel: "random.dropout",
    what: "kept where it should be dropped",
    from: "unit(words[i]) >= RATE",
    to: "unit(words[i]) < RATE",
    noticed: by("dropout"),
  },
  {
    kernel: "reduce.reduce",
    what: "the last elements of a run, past the fours, are left out",
    from: "  for (; r < end; r++) {",
    to: "  for (; r + 1u < end; r++) {",
    noticed: by("sum"),
  },
  {
    kernel: "reduce.argmax",
    what: "the last of equals wins",
    from: "let rank = merit_of(inp[INP_AT + base + reduced_offset(r)]);\n    best = select(best, r, rank > top);\n    top = max(top, rank);\n  }\n  places[PLACES_AT + index] = i32(best);\n}\n\n",
    to: "let rank = merit_of(inp[INP_AT + base + reduced_offset(r)]);\n    best = select(best, r, rank >= top);\n    top = max(top, rank);\n  }\n  places[PLACES_AT + index] = i32(best);\n}\n\n",
    noticed: by("argmax"),
  },
  {
    kernel: "reduce.argmax_of_runs",
    what: "the last run is left out",
    from: "run < SPLITS;",
    to: "run + 1u < SPLITS;",
    noticed: by("argmax"),
  },
  {
    kernel: "resize.forward",
    what: "an infinity multiplied by 0",
    from: "select(0f, share * b, rest > 0)",
    to: "share * b",
    noticed: by("resize"),
  },
  {
    kernel: "resize.backward",
    what: "outputs past the last pixel are left out",
    from: "outputs - 1, at >= length - 1 - overhang);",
    to: "outputs - 1, false);",
    noticed: by("resize"),
  },
  {
    kernel: "resize.forward",
    what: "the outermost pixel is its own mirror image",
    from: "abs(source) % max(2 * last, 1)",
    to: "max(source, 0) % max(2 * last, 1)",
    noticed: by("resize"),
  },
  {
    kernel: "resize.backward",
    what: "mirrored outputs belong to the outermost pixel alone",
    from: "0, at <= overhang);",
    to: "0, at == 0);",
    noticed: by("resize"),
  },
  {
    kernel: "sigmoid-cross-entropy.forward",
    what: "the label's sign",
    from: "select(-x * t, x * (1f - t), x > 0f)",
    to: "select(x * t, x * (1f - t), x > 0f)",
    noticed: by("sigmoidCrossEntropy"),
  },
  {
    kernel: "sigmoid-cross-entropy.backward",
    what: "the label is left out",
    from: "select(safe_sigmoid(x) - t,",
    to: "select(safe_sigmoid(x),",
    noticed: by("sigmoidCrossEntropy"),
  },
  {
    kernel: "unary.forward",
    file: "lib/activation.wgsl",
    what: "softplus is the tail alone",
    from: "safe_softplus(x)",
    to: "log1p(natural_exp(-abs(x)))",
    noticed: by("softplus"),
  },
  {
    kernel: "unary.backward",
    file: "lib/activation.wgsl",
    what: "a sign",
    from: "case TANH: { return (1f - v) * (1f + v); }",
    to: "case TANH: { return (1f - v) * (1f - v); }",
    noticed: by("tanh"),
  },
  ...lossMutants,
  ...axisMutants,
  ...normMutants,
  ...filterMutants,
  ...splitMutants,
  ...stepMutants,
  ...ceilingsMutants,
  ...gpuMutants,
  ...lanesMutants,
  ...elementMutants,
];
