// Runs networks that were exported for PyTorch in PyTorch, many at once: it takes seconds to start.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonWith, runPython } from "./python.ts";

/** A network to run: its function in a folder's `model.py`, and what goes in. */
export interface TorchCase {
  readonly folder: string;
  readonly network: string;
  readonly shape: readonly number[];
  readonly inputs: ArrayLike<number>;
  /** How many of the inputs' rows are also run in training. */
  readonly trained: number;
}

/** What came out. */
export interface FromTorch {
  readonly shape: readonly number[];
  readonly outputs: readonly number[];
  readonly trained: readonly number[];
  /** The running statistics after the run in training, by name, and the batches that each layer has counted. */
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly counted: readonly number[];
}

const PROGRAM = `
import sys, json, importlib.util, torch
found = []
for case in json.load(open(sys.argv[1])):
    spec = importlib.util.spec_from_file_location("model", case["folder"] + "/model.py")
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    name = case["network"]
    net = model.load(getattr(model, name)(), case["folder"] + "/" + name + ".safetensors").eval()
    x = torch.tensor(case["inputs"]).reshape(case["shape"])
    with torch.no_grad():
        outputs = net(x)
        trained = net.train()(x[: case["trained"]]).flatten().tolist() if case["trained"] else []
    own = net.state_dict()
    found.append({
        "shape": list(outputs.shape),
        "outputs": outputs.flatten().tolist(),
        "trained": trained,
        "state": {key: value.flatten().tolist() for key, value in own.items() if "running" in key},
        "counted": [value.item() for key, value in own.items() if "num_batches" in key],
    })
print(json.dumps(found))
`;

const python = pythonWith("torch");

/** Whether PyTorch is here, and the words for a test's name if it isn't. */
export const hasTorch: boolean = python !== undefined;
export const withoutTorch: string = hasTorch
  ? ""
  : " (skipped: no Python here has torch; Debian's python3-torch does)";

/** Runs networks in PyTorch, in inference and then in training. */
export function inTorch(cases: readonly TorchCase[]): readonly FromTorch[] {
  const folder = mkdtempSync(join(tmpdir(), "longhand-cases-"));
  const path = join(folder, "cases.json");
  try {
    const plain = cases.map((each) => ({ ...each, inputs: Array.from(each.inputs) }));
    writeFileSync(path, JSON.stringify(plain));
    return JSON.parse(runPython(python!, PROGRAM, path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
