// docs/tree.md: what each file is, in the first sentence of its first comment, folder by folder.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";

/** The page, from the project's root. */
export const TREE_DOC = "docs/tree.md";

const ROOT = new URL("../..", import.meta.url).pathname;
const TOPS = [
  "shaders",
  "src",
  "proof",
  "web",
  "bench",
  "test",
  "examples",
  "packages",
  "bin",
  "findings",
];
const SKIPPED =
  /\/(node_modules|dist|fixtures|peers\/node_modules)(\/|$)|^packages\/longhand\/shaders/;
const SOURCES = /\.(tsx?|mts|mjs|wgsl|css|html|sh)$/;

/** A sentence of more characters is shown only up to a colon or semicolon. */
const LONG = 140;
/** The most characters that a file's sentence may have. */
export const LONGEST = 200;

/** What each folder holds. Every folder with sources has a line here. */
const FOLDERS: Readonly<Record<string, string>> = {
  shaders: "The kernels: valid WGSL, one file per op family.",
  "shaders/lib": "What shaders share; appended after the shader that uses it.",
  src: "The entries of the engine's package. Imports between the folders below point one way: gpu → kernels → autograd → nn → gan → proof → gpu-check → judge → formats → runs → terminal → cli; `test/house/structure.test.ts` checks this.",
  "src/gpu":
    "Adapter, device, arrays, pipelines, trace, plan, replay, errors: the only folder that knows WebGPU.",
  "src/gpu/inspection": "Explains a program's plan, and measures where its time goes.",
  "src/gpu/node": "The only files of the engine that know Node; only `adapter.ts` imports Dawn.",
  "src/kernels":
    "One launcher per shader, forward and backward next to each other, on raw arrays; variants and the autotuner.",
  "src/autograd": "Tensors and the tape; compositions of ops, losses, compiled functions.",
  "src/autograd/ops":
    "The ops as functions of tensors, with the docstrings from which docs/ops.md is made.",
  "src/nn": "Layers, initialisers, networks, optimizers, batches.",
  "src/data": "IDX files and MNIST; bytes as floats.",
  "src/checkpoint": "Safetensors, manifests, atomic files and folders, the run's log, strict JSON.",
  "src/metrics": "How similar two sets of samples are, in float64 on the host, without a device.",
  "src/gan": "A GAN from a recipe: its step, its loop, its samples, its latent space.",
  "src/gan/inside": "Looks into a GAN while it trains: activations, gradients, launches.",
  "src/gan/recipes": "One file per recipe, and their list.",
  "src/gan/steps": "The training step in the orders that recipes choose from.",
  "src/gpu-check":
    "The check of an adapter: right kernels, ceilings, variants, steps; for Node and for the page.",
  "src/judge": "The classifier that judges digits, and sets of digits against the real ones.",
  "src/formats": "Networks in other programs' formats: one table of names and layouts for all.",
  "src/formats/keras": "Keras: layers, configs and HDF5 files of weights.",
  "src/formats/onnx": "ONNX: its schema, graphs, and layers as its operators.",
  "src/formats/tensorboard": "TensorBoard: its schema of events, and files of them.",
  "src/formats/tfjs": "TensorFlow.js: layers models.",
  "src/formats/torch": "PyTorch: state dicts, and the Python that loads them.",
  "src/mpi": "The machine's MPI library, called through koffi: ranks, and what they exchange.",
  "src/pictures":
    "PNG, GIF, plots, model diagrams, reports; reads any picture of a digit as if it were MNIST's.",
  "src/runs":
    "A run's record, its folder, its networks: what commands work on. Without console and flags.",
  "src/runs/comparing": "Trains recipes for equal times, and puts their results side by side.",
  "src/runs/sweeping": "Trains the runs of a sweep, shared among processes.",
  "src/runs/evaluation": "Measures how good a run's digits are.",
  "src/runs/exchange": "What of a run goes out in other formats, and comes back.",
  "src/runs/kept": "Runs without a disk: in memory, in a browser's private files, in .zip files.",
  "src/runs/sets":
    "The images that `--data` means, in whatever files they are, and what there is to say about them.",
  "src/runs/training": "A run from its flags to its last checkpoint.",
  "src/terminal": "The terminal, as the command line and the benchmarks share it.",
  "src/cli": "The command line.",
  "src/cli/commands":
    "One thin file per command: it takes and checks flags, then loads and calls one function.",
  "src/cli/actions":
    "What commands do once their flags are read: loaded only then, because it loads the engine.",
  "src/cli/words": "Results in words, for commands to print.",
  proof:
    "The op table: how each op is held to float64 on a device, in every variant; for tests, benchmarks and `gpu-check`.",
  "proof/reference": "The float64 engine that the table trusts.",
  "proof/rows":
    "The table's rows by family of ops: cases with float64 answers, and calls that must be refused.",
  web: "The page that trains in the browser (docs/page.md), and its server.",
  "web/assets": "The weights that ship with the page, and the files that say what they are.",
  "web/check": "The check of the GPU, in a worker of its own.",
  "web/lab": "The worker that owns the GPU: training, and what each view asks of it.",
  "web/offline": "The page without a network.",
  "web/read": "What stands beside each view to read.",
  "web/serving": "Serving the page: from its sources, or as a built folder.",
  "web/state": "The page's state, and what a visitor does to it.",
  "web/style": "The page's look.",
  "web/ui": "Components that several views use.",
  "web/views": "The views, and the parts of each.",
  bench:
    "`npm run bench`: one file per command. `bench/results` holds the measurements, by date, command, adapter and batch.",
  "bench/against":
    "Another commit beside this checkout: its files and packages, its processes, the rows.",
  "bench/browser": "Contestants in pages of a headless Chromium.",
  "bench/contestants": "One training step behind one interface, in a process per contestant.",
  "bench/ranks": "A step that ranks share: its parts, timed and modelled.",
  "bench/peers":
    "The same step in TensorFlow.js and jax-js, with versions pinned in its own package.json.",
  test: "Tests are in folders like those of the sources.",
  "test/api": "Wrong calls of the public API.",
  "test/autograd": "Tensors, the tape, random draws.",
  "test/bench": "The benchmarks' counts, and short runs of them.",
  "test/checkpoint": "Files are read whole, or refused.",
  "test/cli": "The real command line, in processes.",
  "test/data": "Image files as people store them.",
  "test/docs": "The docs against the code.",
  "test/examples": "The examples, run as they stand.",
  "test/formats": "Exported and imported networks, in the programs that they are for.",
  "test/gan": "Steps, recipes, latent space, the watch.",
  "test/gpu": "Devices, limits, lost devices, text from outside.",
  "test/gpu/inspection": "The figures of plans.",
  "test/gpu/node": "Adapters, and the libraries that npm installs.",
  "test/gpu-check": "The check of an adapter, on kernels that are wrong on purpose.",
  "test/house": "The project's rules and words.",
  "test/judge": "The judge and its comparisons.",
  "test/kernels":
    "The op table run as tests: each op's values and gradients against float64, in every variant.",
  "test/metrics": "Distances and neighbourhoods, compared with their definitions.",
  "test/mpi": "The machine's MPI library, under real launchers.",
  "test/nn": "Layers, optimizers, whole models.",
  "test/packages": "The package, packed, installed and used.",
  "test/pictures": "Pictures, read back.",
  "test/reference": "The tests of the float64 engine, against PyTorch's answers among others.",
  "test/runs": "Runs resumed, damaged, claimed, configured.",
  "test/runs/sets": "Image sets of every kind that `--data` takes, and what it refuses.",
  "test/soak": "`npm run soak`: proofs that take too long for every commit.",
  "test/support": "What tests share; the writers of generated docs.",
  "test/terminal": "What a terminal shows.",
  "test/web": "The page in a real browser.",
  examples: "Programs to start from: `npm run example -- FILE`.",
  "examples/browser": "The page.",
  "packages/longhand": "The engine's package: how src/ becomes it.",
  bin: "`npx longhand`, for those who install this folder's package.",
  findings: "Faults in other software that were found here, each with a script that shows it.",
};

/** Returns the first comment of a file as one text, without indented formulas and anything after an empty line. */
function firstComment(text: string): string {
  const lines = text.split("\n").filter((line) => !/^(#!|<!doctype)/i.test(line));
  const words: string[] = [];
  for (const line of lines) {
    const [, said] = /^(?:\/\/|#|<!--|\/\*\*?| \*)(?: (.*?))?\s*(?:-->|\*\/)?$/.exec(line) ?? [];
    if (said === undefined || said === "" || said.startsWith(" ")) break;
    words.push(said);
  }
  return words.join(" ");
}

/**
 * Returns what a file is: the first sentence of its first comment, without the name that shaders and recipes begin
 * with.
 */
export function summaryOf(file: string, text: string): string {
  const comment = firstComment(text);
  const sentence = /^.+?(?<!\bal)[.!?](?=\s+[\p{L}`(]|$)/u.exec(comment)?.[0] ?? comment;
  const name = basename(file, extname(file)).replaceAll("-", "[- ]");
  const bare = sentence.replace(new RegExp(`^${name}: `), "");
  const short = bare.length > LONG ? bare.replace(/^(.{40,}?)[:;] .*$/s, "$1") : bare;
  return short.replace(/[:,;]$/, "").replace(/(?<![.!?])$/, ".");
}

/** A file with its summary. */
interface Entry {
  readonly file: string;
  readonly summary: string;
}

/** Returns every source file of the project with its summary, in the order of the folders above. */
export function treeEntries(): Entry[] {
  return Object.keys(FOLDERS).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && SOURCES.test(entry.name))
      .map((entry) => `${folder}/${entry.name}`)
      .toSorted()
      .map((file) => ({ file, summary: summaryOf(file, readFileSync(join(ROOT, file), "utf8")) })),
  );
}

/** Returns the folders that hold sources but have no line above. */
export function foldersWithoutWords(): string[] {
  const found = TOPS.flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && SOURCES.test(entry.name))
      .map((entry) => relative(ROOT, entry.parentPath))
      .filter((folder) => !SKIPPED.test(`${folder}/`)),
  );
  const gone = Object.keys(FOLDERS).filter((folder) => !existsSync(join(ROOT, folder)));
  return [...new Set([...found.filter((folder) => !(folder in FOLDERS)), ...gone])];
}

/** Returns the whole page. */
export function treeDoc(): string {
  const entries = treeEntries();
  const sections = Object.entries(FOLDERS).map(([folder, words]) => {
    const files = entries.filter(({ file }) => dirname(file) === folder);
    const rows = files.map(({ file, summary }) => `- \`${basename(file)}\`: ${summary}`);
    return [`## ${folder}/`, "", words, ...(rows.length > 0 ? ["", ...rows] : [])].join("\n");
  });
  return `# The tree

What each file is, in the first sentence of its first comment. Made by \`npm run docs\`; \`npx vitest run test/docs/tree.test.ts\` checks it against the files. The pages of \`docs/\` are listed in the [README](../README.md#docs).

${sections.join("\n\n")}
`;
}
