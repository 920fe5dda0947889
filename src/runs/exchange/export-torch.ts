// Exports a run's networks, a judge, or all that training reads, as safetensors for PyTorch with the Python that loads
// them.
import { encodeSafetensors, type NativeTensor } from "../../checkpoint/safetensors.ts";
import type { PlainNetwork } from "../../formats/plain-network.ts";
import { modelPy } from "../../formats/torch/model-py.ts";
import { adamState, stateDict } from "../../formats/torch/state.ts";
import { conditionCount } from "../../gan/recipe.ts";
import type { Which } from "../../judge/designs.ts";
import { longhandVersion } from "../checkout.ts";
import { judgeToExport } from "./judge-network.ts";
import {
  drawingFile,
  metadataOf,
  momentsOf,
  networkOf,
  tensorsOf,
  type NetworkFile,
  type RunToExport,
} from "./networks.ts";

/** The files of an export by name. */
export type ExportedFiles = Record<string, Uint8Array | string>;

type Metadata = Readonly<Record<string, string>>;

/** Returns a safetensors file that says it is for PyTorch, as loaders expect. */
const file = (tensors: ReadonlyMap<string, NativeTensor>, metadata: Metadata): Uint8Array =>
  encodeSafetensors(tensors, { format: "pt", longhand: longhandVersion(), ...metadata });

/** Exports one network of a run. Throws `CheckpointError`, and `UsageError` on layers that PyTorch lacks. */
export function exportNetwork(
  run: RunToExport,
  what: "generator" | "discriminator",
): ExportedFiles {
  const from = what === "generator" ? drawingFile(run.recipe) : what;
  const network = { ...networkOf(run, from), name: what };
  const state = stateDict(network, run.checkpoint.step);
  return {
    [`${what}.safetensors`]: file(state, metadataOf(run, from)),
    "model.py": modelPy([network], aboutOf(run, [network])),
  };
}

/** Exports everything that a run's training reads besides its images. */
export function exportTraining(run: RunToExport): ExportedFiles {
  const { recipe, checkpoint } = run;
  const average: readonly NetworkFile[] = recipe.average > 0 ? ["generator-average"] : [];
  const files: ExportedFiles = {};
  const networks = (["generator", ...average, "discriminator"] as const).map((from) => {
    const network = networkOf(run, from);
    const state = stateDict(network, checkpoint.step);
    files[`${network.name}.safetensors`] = file(state, metadataOf(run, from));
    return network;
  });
  for (const from of ["generator", "discriminator"] as const) {
    const adam = JSON.stringify(recipe[`${from}Adam`]);
    const state = adamState(momentsOf(run, from));
    files[`${from}_adam.safetensors`] = file(state, { ...metadataOf(run, from), adam });
  }
  if (recipe.clusters) {
    for (const from of ["clusters", "clusters-of-images"] as const) {
      const own = [...tensorsOf(run, from).tensors].filter(isNative);
      files[`${from.replaceAll("-", "_")}.safetensors`] = file(new Map(own), {});
    }
  }
  files["model.py"] = modelPy(networks, aboutOf(run, networks));
  return files;
}

const isNative = (
  entry: readonly [string, { readonly dtype: string }],
): entry is [string, NativeTensor] => entry[1].dtype === "F32" || entry[1].dtype === "U8";

/** Exports the judge that evaluations use. Throws `CheckpointError`. */
export async function exportJudgeToTorch(which: Which): Promise<ExportedFiles> {
  const { network, metadata } = await judgeToExport(which);
  return {
    "judge.safetensors": file(stateDict(network, 0), metadata),
    "model.py": modelPy(
      [network],
      [
        `The ${which} judge of Longhand: logits of the ten digits, from images (N, 1, 28, 28) in [-1, 1].`,
        'model = load(judge(), "judge.safetensors").eval()',
      ],
    ),
  };
}

/** Says in comments of `model.py` what the networks take and return. */
function aboutOf(run: RunToExport, networks: readonly PlainNetwork[]): readonly string[] {
  const { recipe, checkpoint } = run;
  const told = conditionCount(recipe);
  const what = recipe.classes === undefined ? "cluster" : "class";
  const [height, width, channels] = recipe.image;
  const images = `images (N, ${channels}, ${height}, ${width}) in [-1, 1]`;
  const noise = `(N, ${recipe.latent}) of normal noise`;
  const several = what === "class" ? "classes" : "clusters";
  const takes = told === 0 ? noise : `${noise}, followed by one of ${told} ${several}, one-hot`;
  const verdict = networks.at(-1)!.layers.at(-1)!.form.op === "sigmoid" ? "probability" : "logit";
  const each = told === 0 ? "" : `; only that of an image's own ${what} counts`;
  return [
    `Trained by Longhand ${longhandVersion()}: recipe ${recipe.name}, step ${checkpoint.step}.`,
    ...networks.map(({ name, layers }) => {
      const returns =
        name === "discriminator"
          ? `from ${images}, to ${layers.at(-1)!.outputShape[0]} ${verdict}${told > 0 ? "s" : ""}${each}`
          : `from ${takes}, to ${images}`;
      return `model = load(${name}(), "${name}.safetensors").eval()  # ${returns}`;
    }),
  ];
}
