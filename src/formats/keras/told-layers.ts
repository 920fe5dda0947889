// The layers of a model that a file describes, in Keras's words of any version, held to the layers that it should have.
import { quote, show } from "../../gpu/foreign-text.ts";
import type { Refuse } from "../stored-zip.ts";
import type { KerasLayer } from "./layers.ts";

/** A layer that a file describes. */
export interface ToldLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const MOST_LAYERS = 1000;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Returns the layers of a `Sequential` model, and its name. Calls `refuse` on other models. */
export function toldLayers(
  model: unknown,
  refuse: Refuse,
): { readonly name: string; readonly layers: readonly ToldLayer[] } {
  const { class_name: kind, config } = fieldsOf(model);
  if (kind !== "Sequential") {
    return refuse(`its model is ${show(kind)}; only a "Sequential" is read`);
  }
  const { layers: given = config, name } = fieldsOf(config); // older files have a list alone
  if (!Array.isArray(given) || given.length > MOST_LAYERS) {
    return refuse("its model has no list of layers");
  }
  const layers = given.map((each: unknown): ToldLayer => {
    const { class_name: className, config: own } = fieldsOf(each);
    const told = fieldsOf(own);
    return { className: textOf(className), name: textOf(told["name"]), config: told };
  });
  return { name: textOf(name), layers };
}

/** What Keras takes where a layer states nothing. */
const DEFAULTS: Fields = {
  activation: "linear",
  axis: -1,
  data_format: "channels_last",
  dilation_rate: [1, 1],
  epsilon: 1e-3,
  groups: 1,
  interpolation: "nearest",
  max_value: null,
  momentum: 0.99,
  padding: "valid",
  strides: [1, 1],
  threshold: 0,
  use_bias: true,
};
/** Older names of arguments. */
const OLDER: Readonly<Record<string, string>> = { negative_slope: "alpha" };
const SLOPES: Readonly<Record<string, number>> = { ReLU: 0, LeakyReLU: 0.3 };
const LINEAR = /^(?:Dense|Conv2D|Conv2DTranspose)$/;

/** Returns layers one step each: activations apart, one class for each thing, and without what inference leaves out. */
export const stepsOf = (layers: readonly ToldLayer[]): readonly ToldLayer[] =>
  layers.flatMap((layer): readonly ToldLayer[] => {
    const { className, config, name } = layer;
    const activation = config["activation"];
    if (className === "InputLayer" || className === "Dropout") return [];
    if (className === "Activation" && activation === "linear") return [];
    if (className === "Activation" && activation === "relu") {
      return [{ className: "ReLU", name, config: {} }];
    }
    if (className === "Reshape" && lengthOf(config["target_shape"]) === 1) {
      return [{ className: "Flatten", name, config: {} }];
    }
    if (!LINEAR.test(className) || activation === undefined || activation === "linear") {
      return [layer];
    }
    const own: ToldLayer = { ...layer, config: { ...config, activation: "linear" } };
    return [own, ...stepsOf([{ className: "Activation", name, config: { activation } }])];
  });

const lengthOf = (value: unknown): number | undefined =>
  Array.isArray(value) ? value.length : undefined;

/** Whether two values are the same, numbers up to the precision of 32-bit floats. */
function isSame(given: unknown, wanted: unknown): boolean {
  if (typeof given === "number" && typeof wanted === "number") {
    return Math.abs(given - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted));
  }
  if (!Array.isArray(given) || !Array.isArray(wanted)) return given === wanted;
  return given.length === wanted.length && given.every((each, i) => isSame(each, wanted[i]));
}

/** Says what of a file's layers differs from the expected ones, both by `stepsOf`. */
export function layerFaults(
  told: readonly ToldLayer[],
  expected: readonly KerasLayer[],
): readonly string[] {
  const end = "the end of the model";
  for (let i = 0; i < Math.max(told.length, expected.length); i += 1) {
    const [given, wanted] = [told[i], expected[i]];
    if (given?.className === wanted?.className) continue;
    const due = wanted ? `${wanted.className} (${wanted.words})` : end;
    return [`layer ${i + 1}: expected ${due}, but got ${given ? quote(given.className) : end}`];
  }
  return expected.flatMap((wanted, i) => {
    const { config } = told[i]!;
    return Object.entries(wanted.config).flatMap(([key, value]) => {
      const usual = key === "negative_slope" ? SLOPES[wanted.className] : DEFAULTS[key];
      let given = config[key] ?? config[OLDER[key] ?? ""] ?? usual;
      // Axes may be counted from the batch, and in a list of one.
      if (key === "axis" && isSame([given].flat(), [wanted.inputShape.length])) given = -1;
      if (isSame(given, value)) return [];
      return [
        `layer ${i + 1}, ${wanted.className} (${wanted.words}): ${quote(key)} is ${show(given)}, expected ${show(value)}`,
      ];
    });
  });
}
