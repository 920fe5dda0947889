// The pages docs/recipes/NAME/README.md: line by line, what a recipe's source library does and what is done here. They
// are made from the rows in `recipe-sources.ts`; `npm run docs` writes them.
import type { Recipe } from "../../src/gan/recipe.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import {
  asKeras2,
  asKeras3,
  batchNorm,
  dropout,
  firstWeights,
  frozen,
  kerasAdam,
  KERAS_DROPOUT,
  lastBatch,
  logitsLoss,
  ofVectors,
  ownLoop,
  padding,
  pixels,
  sigmoidLoss,
  slope,
  type SourceRow,
  steps,
  together,
  tutorialBatches,
  valueOf,
} from "./recipe-sources.ts";

/** A recipe's page. */
export interface SourcePage {
  readonly recipe: Recipe;
  /** Which libraries in which versions, in a sentence or two. */
  readonly follows: string;
  readonly rows: readonly SourceRow[];
  /** What is unlike any source. */
  readonly own: readonly string[];
}

const KERAS_3 =
  "TensorFlow's tutorial `site/en/tutorials/generative/dcgan.ipynb`, as TensorFlow 2.16 and newer run it, with Keras 3.";

/** Returns the lines of the dcgan's networks and step. */
const dcganRows = (recipe: Recipe, told: boolean): SourceRow[] => [
  pixels,
  firstWeights,
  kerasAdam(recipe),
  logitsLoss,
  together,
  batchNorm("0.99"),
  asKeras3(recipe),
  padding,
  slope(recipe, told),
  dropout(recipe, KERAS_DROPOUT),
  tutorialBatches(recipe),
];

const dcgan32Page = (recipe: Recipe): SourcePage => ({
  recipe,
  follows:
    "TensorFlow 2.0 to 2.15, with Keras 2 (read at 2.6), and scikit-image (0.17.2 by its source; 0.19.3 does the same).",
  rows: [
    {
      what: "resizing to 32×32",
      source:
        "bilinear (order 1), pixel centres at halves, mode 'reflect': past an edge the image is mirrored in its outermost pixels (c b | a b c). Enlarging blurs nothing: σ = max(0, (28/32 − 1) / 2) = 0",
      where:
        "scikit-image 0.17.2 `transform/_warps.py`, `resize`; `_shared/interpolation.pxd`, `coord_map`, mode 'R'; 0.19.3 `scipy.ndimage.zoom`, mode 'mirror', `grid_mode`",
      here: `the same (\`edges\` ${valueOf(recipe, "edges")}). Repeated outermost pixels would differ in 7,212 of MNIST's 60,000 training images, by up to 0.125`,
      proofs: [
        ["test/gan/resize-images.test.ts", "the corners, by hand"],
        ["test/gan/resize-images.test.ts", "7,212 differ"],
      ],
    },
    firstWeights,
    kerasAdam(recipe),
    sigmoidLoss,
    batchNorm(valueOf(recipe, "momentum")),
    asKeras2(recipe),
    padding,
    slope(recipe, true),
    dropout(recipe, KERAS_DROPOUT),
    ownLoop(recipe),
  ],
  own: [
    "Dropout instead of batch norm in the discriminator, widths for MNIST, and Keras's initial weights: Radford et al. 2015 differ in these.",
    "Both networks learn at the same time, from one forward.",
  ],
});

const KERAS_2 = "Keras 2 (read at 2.6); Keras 3 does the same in every line.";

const mlpPage = (recipe: Recipe): SourcePage => {
  const { generatorAdam: adam } = recipe;
  return {
    recipe,
    follows: "PyTorch (1.13 and 2 do the same).",
    rows: [
      {
        what: "first weights",
        source: "kernels and biases uniform in ±1 / √(fan in)",
        where: "PyTorch `nn/modules/linear.py`, `Linear.reset_parameters`",
        here: "the same, from Longhand's own random numbers",
        proofs: [["test/nn/initialisers.test.ts", "starts as PyTorch's when asked"]],
      },
      {
        what: "Adam",
        source: "rate · m̂ / (√v̂ + ε): ε is added to the corrected root; 1e-8 by default",
        where: "PyTorch `optim/adam.py`, `_single_tensor_adam`",
        here: `as ${adam.convention}, ε ${adam.epsilon}, rate ${adam.learningRate}, β₁ ${adam.beta1}, β₂ ${adam.beta2}`,
        proofs: [
          ["test/kernels/adam.test.ts", "six updates agree with float64"],
          ["test/nn/parameters.test.ts", "adam on a group is PyTorch's"],
        ],
      },
      {
        what: "loss, and its clip",
        source:
          "`BCELoss` of probabilities: logarithms are kept above −100; the gradient is divided by max(p · (1 − p), 1e-12)",
        where:
          "PyTorch `aten/src/ATen/native/Loss.cpp`, `binary_cross_entropy_out_cpu` and its backward",
        here: `the same (\`loss\` ${recipe.loss})`,
        proofs: [
          ["test/gan/sure-verdicts.test.ts", "mlp: loss 20, as PyTorch's bound is −100"],
          steps,
        ],
      },
      {
        what: "order of a step",
        source:
          "real and generated images in one labelled batch for the discriminator; then the generator through it, from new noise. The gradients that this leaves in the discriminator are discarded (`zero_grad`)",
        where: "PyTorch `optim/optimizer.py`, `Optimizer.zero_grad`",
        here: "the same; those gradients are never computed",
        proofs: [
          ["test/gan/recipes.test.ts", "the generator's phase leaves the discriminator as it is"],
        ],
      },
      {
        what: "batch norm, padding, slope",
        source: "none: dense layers and ReLU",
        where: "PyTorch `nn/modules/activation.py`, `ReLU`",
        here: "none",
        proofs: [
          ["test/kernels/batch-norm.test.ts", "the others have batch norm of vectors alone"],
        ],
      },
      dropout(recipe, "PyTorch `nn/functional.py`, `dropout`"),
      lastBatch(
        recipe,
        "`DataLoader` keeps a short one (`drop_last=False`); 60,000 images leave none at 32",
        "PyTorch `utils/data/dataloader.py`, `DataLoader`",
      ),
    ],
    own: [
      "A short last batch is dropped; `DataLoader` would keep it. With MNIST and batches of 32 there is none, and `--config` with `lastBatch` `keep` keeps it.",
    ],
  };
};

const ownClusters: SourceRow = {
  what: "what the networks are told",
  source:
    "clusters of the images by k-means on the discriminator's features, found anew now and then; samples draw theirs by its share",
  where: "Liu et al. 2020, Diverse image generation via self-conditioned GANs, arXiv 2006.10728",
  here: "clusters by k-means on pixels at half the size, found once before the first step",
  proofs: [
    ["test/gan/clusters.test.ts", "pixels decide, labels don't"],
    ["test/gan/clusters.test.ts", "draw their clusters by the images' shares"],
    ["test/gan/k-means.test.ts", "each point goes to the nearest"],
  ],
};

const OWN_NOISE = "Noise and the order of images come from Longhand's own random numbers.";

/** Every recipe's page, in the list's order. */
export const sourcePages: readonly SourcePage[] = recipes.map((recipe): SourcePage => {
  switch (recipe.name) {
    case "dcgan":
      return { recipe, follows: KERAS_3, rows: dcganRows(recipe, false), own: [OWN_NOISE] };
    case "dcgan32":
      return dcgan32Page(recipe);
    case "dense":
      return {
        recipe,
        follows: KERAS_2,
        rows: [
          firstWeights,
          kerasAdam(recipe),
          sigmoidLoss,
          frozen(recipe),
          batchNorm(valueOf(recipe, "momentum")),
          ofVectors,
          slope(recipe, true),
          ownLoop(recipe),
        ],
        own: [
          "An epoch is one pass over all images in a new order; such loops draw each batch at random.",
          "No convolution and no dropout: nothing to pad or to drop.",
        ],
      };
    case "upsample":
      return {
        recipe,
        follows: KERAS_2,
        rows: [
          firstWeights,
          kerasAdam(recipe),
          sigmoidLoss,
          frozen(recipe),
          batchNorm(valueOf(recipe, "momentum")),
          ofVectors,
          padding,
          slope(recipe, true),
          dropout(recipe, KERAS_DROPOUT),
          ownLoop(recipe),
        ],
        own: ["Widths and filter sizes."],
      };
    case "mlp":
      return mlpPage(recipe);
    default:
      return {
        recipe,
        follows: `The sources of \`dcgan\`, for the parts that it shares. ${KERAS_3}`,
        rows: [...dcganRows(recipe, true), ...(recipe.clusters ? [ownClusters] : [])],
        own: [
          "Batch, rates, β₂, slope, no dropout, the averaged weights and, on demand, spectral normalisation were chosen here by measurement, with PyTorch's Adam: [what helped](../README.md#what-helped-and-what-didnt).",
          ...(recipe.classes
            ? ["Classes: Miyato and Koyama 2018, without the unconditional term."]
            : []),
          OWN_NOISE,
        ],
      };
  }
});

/** Returns the path of a recipe's page, from the project's root. */
export const sourcePath = ({ recipe }: SourcePage): string =>
  `docs/recipes/${recipe.name}/README.md`;

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** Returns a page's text. */
export function sourceText({ recipe, follows, rows, own }: SourcePage): string {
  const row = ({ what, source, where, here, proofs }: SourceRow): string => {
    const shown = proofs.map(([file, name]) => `\`${file}\` -t "${name}"`).join("; ");
    return `| ${[what, source, where, here, shown].map(cell).join(" | ")} |`;
  };
  return [
    `# \`${recipe.name}\`, line by line`,
    "",
    `Made by \`npm run docs\`; \`npx vitest run test/docs/recipes.test.ts\` checks it against the code. Each proof runs by \`npx vitest run FILE -t "NAME"\`. [All recipes](../README.md)`,
    "",
    `It follows: ${follows}`,
    "",
    "| what | the source | where it says so | here | proved by |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map(row),
    "",
    "Unlike the source:",
    "",
    ...own.map((line) => `- ${line}`),
    "",
  ].join("\n");
}
