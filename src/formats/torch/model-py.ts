// The Python file next to exported tensors: it builds the same networks from PyTorch's own modules, and loads them
// strictly. It needs nothing but PyTorch.
import { UsageError } from "../../gpu/errors.ts";
import { padded } from "../../kernels/conv2d-geometry.ts";
import type { ConvolutionForm } from "../../nn/layer-form.ts";
import type { PlainLayer, PlainNetwork } from "../plain-network.ts";

/** A module of a `Sequential`: its name and the call that makes it. */
type Module = readonly [name: string, call: string];

/** Classes that PyTorch lacks, by the name with which calls begin. Only those that a file uses are in it. */
const CLASSES: Readonly<Record<string, string>> = {
  ToImages: `class ToImages(nn.Unflatten):  # a vector here is (height, width, channels); PyTorch wants channels first
    def forward(self, x):
        return super().forward(x).permute(0, 3, 1, 2)`,
  ToVectors: `class ToVectors(nn.Flatten):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1))`,
  BatchNorm: `class Population:  # Keras keeps a batch's own variance, PyTorch n / (n - 1) times it
    def forward(self, x):
        kept, n, out = self.running_var * (1 - self.momentum), x.numel() // x.shape[1], super().forward(x)
        if self.training:
            self.running_var.copy_(kept + (self.running_var - kept) * (n - 1) / n)
        return out`,
  BatchNorm1d: "class BatchNorm1d(Population, nn.BatchNorm1d): pass",
  BatchNorm2d: "class BatchNorm2d(Population, nn.BatchNorm2d): pass",
};

const LOAD = `def load(module, path):  # strictly, from safetensors
    data = open(path, "rb").read()
    start, state = 8 + int.from_bytes(data[:8], "little"), {}
    for name, tensor in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = (start + offset for offset in tensor["data_offsets"])
            dtype = {"F32": torch.float32, "I64": torch.int64}[tensor["dtype"]]
            state[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=dtype).reshape(tensor["shape"])
    module.load_state_dict(state, strict=True)
    return module`;

/** The longest line of layers. */
const WIDEST = 110;

/** A number as Python reads it, without the last digits that JavaScript's subtraction leaves. */
const number = (value: number): string => String(Number(value.toPrecision(12)));
const tuple = (values: readonly number[]): string => `(${values.join(", ")})`;
const yes = (value: boolean): string => (value ? "True" : "False");

/**
 * Returns the file. Each network becomes a function of its name; `about` says what they are. Throws `UsageError` on a
 * layer that PyTorch has no module for.
 */
export function modelPy(networks: readonly PlainNetwork[], about: readonly string[]): string {
  const built = networks.map(({ name, layers }) => ({ name, modules: layers.flatMap(modulesOf) }));
  const calls = built.flatMap(({ modules }) => modules.map(([, call]) => call));
  const classes = Object.entries(CLASSES)
    .filter(([name]) => calls.some((call) => call.startsWith(name)))
    .map(([, text]) => text);
  const spectral = calls.some((call) => call.startsWith("spectral_norm"));
  const functions = built.map(({ name, modules }, i) => {
    const same = built.slice(0, i).find((other) => String(other.modules) === String(modules));
    if (same) return `${name} = ${same.name}  # the same layers`;
    return [
      `def ${name}():`,
      "    return nn.Sequential(OrderedDict(",
      ...packed(modules.map(([own, call]) => `${own}=${call},`)).map((line) => `        ${line}`),
      "    ))",
    ].join("\n");
  });
  const imports = [
    "import json",
    "from collections import OrderedDict",
    "import torch",
    "from torch import nn",
    ...(spectral ? ["from torch.nn.utils.parametrizations import spectral_norm"] : []),
  ];
  const head = [...about.map((line) => `# ${line}`), ...imports].join("\n");
  const blocks = [head, ...(classes.length > 0 ? [classes.join("\n")] : []), ...functions, LOAD];
  return `${blocks.join("\n\n")}\n`;
}

/** Returns words in lines, as many as fit into each. */
function packed(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDEST) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

function modulesOf(layer: PlainLayer): readonly Module[] {
  const { name, form, arrays, inputShape, outputShape } = layer;
  switch (form.op) {
    case "dense":
      return [
        [name, `nn.Linear(${inputShape[0]}, ${outputShape[0]}, bias=${yes("bias" in arrays)})`],
      ];
    case "conv2d":
      return convolution(layer, form);
    case "convTranspose2d":
      return transposedConvolution(layer, form);
    case "batchNorm": {
      const own = form.runningVariance === "population" ? "" : "nn.";
      const rank = inputShape.length === 1 ? "1d" : "2d";
      const rates = `eps=${number(form.epsilon)}, momentum=${number(1 - form.momentum)}`;
      return [[name, `${own}BatchNorm${rank}(${inputShape.at(-1)}, ${rates})`]];
    }
    case "relu":
      return [[name, "nn.ReLU()"]];
    case "leakyRelu":
      return [[name, `nn.LeakyReLU(${number(form.alpha)})`]];
    case "tanh":
      return [[name, "nn.Tanh()"]];
    case "sigmoid":
      return [[name, "nn.Sigmoid()"]];
    case "dropout":
      return [[name, `nn.Dropout(${number(form.rate)})`]];
    case "upsample":
      return [[name, `nn.Upsample(scale_factor=${form.scale})`]];
    case "maxPool":
      if (form.padding !== "valid") break;
      return [[name, `nn.MaxPool2d(${tuple(form.size)}, stride=${tuple(form.strides)})`]];
    case "reshape":
      return reshape(layer);
    case "spectral":
      return modulesOf({ ...layer, form: form.of }).map(([own, call]) => [
        own,
        own === name ? `spectral_norm(${call})` : call,
      ]);
  }
  throw new UsageError(
    `export: the layer ${name} pads before it pools, which PyTorch's modules don't do as here; use --format onnx`,
  );
}

/** What both kinds of convolution are called with, before their paddings. */
function argumentsOf(layer: PlainLayer, form: ConvolutionForm): string {
  const { arrays, inputShape, outputShape } = layer;
  const [kh, kw] = arrays["filter"]!.shape as readonly [number, number];
  const rest = [
    ...(form.strides.every((stride) => stride === 1) ? [] : [`stride=${tuple(form.strides)}`]),
    ...(form.dilations.every((each) => each === 1) ? [] : [`dilation=${tuple(form.dilations)}`]),
    ...(form.groups === 1 ? [] : [`groups=${form.groups}`]),
    `bias=${yes("bias" in arrays)}`,
  ];
  return [inputShape.at(-1), outputShape.at(-1), tuple([kh, kw]), ...rest].join(", ");
}

/** Rows and columns to add or crop: [top, bottom, left, right]. */
function sidesOf(layer: PlainLayer, form: ConvolutionForm, shape: readonly number[]) {
  const [kh, kw] = layer.arrays["filter"]!.shape as readonly [number, number];
  const size = [shape[0]!, shape[1]!] as const;
  return padded(form.padding, size, [kh, kw], form.strides, form.dilations);
}

function convolution(layer: PlainLayer, form: ConvolutionForm): readonly Module[] {
  const [top, bottom, left, right] = sidesOf(layer, form, layer.inputShape);
  const own = argumentsOf(layer, form);
  if (top === bottom && left === right) {
    const padding = top + left > 0 ? `, padding=${tuple([top, left])}` : "";
    return [[layer.name, `nn.Conv2d(${own}${padding})`]];
  }
  return [
    [`${layer.name}_pad`, `nn.ZeroPad2d(${tuple([left, right, top, bottom])})`],
    [layer.name, `nn.Conv2d(${own})`],
  ];
}

function transposedConvolution(layer: PlainLayer, form: ConvolutionForm): readonly Module[] {
  const { name, outputShape, arrays } = layer;
  const [top, bottom, left, right] = sidesOf(layer, form, outputShape);
  const both = [Math.min(top, bottom), Math.min(left, right)] as const; // what padding= crops
  const missing = [0, 1].map((axis) => {
    const reach = (arrays["filter"]!.shape[axis]! - 1) * form.dilations[axis]! + 1;
    return form.padding === "same" ? Math.max(0, form.strides[axis]! - reach) : 0;
  });
  const padding = both.some((n) => n > 0) ? `, padding=${tuple(both)}` : "";
  const extra = missing.some((n) => n > 0) ? `, output_padding=${tuple(missing)}` : "";
  const module: Module = [
    name,
    `nn.ConvTranspose2d(${argumentsOf(layer, form)}${padding}${extra})`,
  ];
  if (top === bottom && left === right) return [module];
  // Keras's 'same' crops unequal sides, which padding= can't. Negative padding crops.
  const crop = tuple(
    [left - both[1], right - both[1], top - both[0], bottom - both[0]].map((n) => -n),
  );
  return [module, [`${name}_crop`, `nn.ZeroPad2d(${crop})`]];
}

function reshape({ name, inputShape, outputShape }: PlainLayer): readonly Module[] {
  const modules: Module[] = [];
  const makesImages = outputShape.length === 3;
  if (inputShape.length === 3) modules.push([makesImages ? `${name}_input` : name, "ToVectors()"]);
  if (makesImages) modules.push([name, `ToImages(1, ${tuple(outputShape)})`]);
  return modules;
}
