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
const SOURCES = /\.(ts|mts|mjs|wgsl|css|html|sh)$/;

/** A sentence of more characters is shown up to a colon or semicolon. */
const LONG = 140;
/** No file may take more than this to say what it is. */
export const LONGEST = 200;

/** What a folder holds. Every folder with sources in it has a line here. */
const FOLDERS: Readonly<Record<string, string>> = {
  shaders: "The kernels: valid WGSL, one file per op family.",
  "shaders/lib": "What shaders share; appended behind the shader that uses it.",
  src: "The entries of the engine's package. Imports between the folders below point one way: gpu → kernels → autograd → nn → gan → proof → gpu-check → judge → runs → terminal → cli; `test/house/structure.test.ts` holds that.",
  "src/gpu":
    "Adapter, device, arrays, pipelines, trace, plan, replay, errors: the only folder that knows WebGPU.",
  "src/gpu/inspection": "What a program's plan and its time are made of.",
  "src/gpu/node": "The only files of the engine that know Node; `adapter.ts` alone imports Dawn.",
  "src/kernels":
    "One launcher per shader, forward and backward next to each other, on raw arrays; variants and the autotuner.",
  "src/autograd": "Tensors and the tape; compositions of ops, losses, compiled functions.",
  "src/autograd/ops":
    "The ops as functions of tensors, with the docstrings that docs/ops.md is made of.",
  "src/nn": "Layers, initialisers, networks, optimizers, batches.",
  "src/data": "IDX files and MNIST; bytes as floats.",
  "src/checkpoint": "Safetensors, manifests, atomic files and folders, the run's log, strict JSON.",
  "src/metrics":
    "How near one set of samples is to another, in float64 on the host; knows no device.",
  "src/gan": "A GAN from a recipe: its step, its loop, its samples, its latent space.",
  "src/gan/recipes": "One file per recipe, and their list.",
  "src/gan/steps": "The step in the orders that recipes choose from.",
  "src/gpu-check":
    "The check of an adapter: right kernels, ceilings, variants, steps; for Node and for the page.",
  "src/judge": "The classifier that judges digits, and sets of digits against the real ones.",
  "src/pictures":
    "PNG, GIF, plots, model diagrams, reports; any picture of a digit as MNIST would have it.",
  "src/runs":
    "A run's record, its folder, its networks: what commands work on. No console and no flags.",
  "src/runs/evaluation": "How good a run's digits are.",
  "src/runs/training": "A run from its flags to its last checkpoint.",
  "src/terminal": "What the command line and the benchmarks share of a terminal.",
  "src/cli": "The command line.",
  "src/cli/commands": "One thin file per command: flags in, one function called.",
  "src/cli/words": "Results in words, for commands to print.",
  proof:
    "The op table: how each op is held to float64 on a device, in every variant; for tests, benchmarks and `gpu-check`.",
  "proof/reference": "The float64 engine that the table trusts.",
  "proof/rows":
    "The table's rows by family of ops: cases with float64 answers, and calls that must be refused.",
  web: "The page that trains in the browser, and its server.",
  bench:
    "`npm run bench`: one file per command. `bench/results` holds what was measured, by date, command, adapter and batch.",
  "bench/browser": "Contestants in pages of a headless Chromium.",
  "bench/contestants": "One training step behind one interface, in a process per contestant.",
  "bench/peers":
    "The same step by TensorFlow.js and jax-js, with versions pinned in a package.json of its own.",
  test: "Tests lie in folders as the sources do.",
  "test/api": "The public API, called wrongly.",
  "test/autograd": "Tensors, the tape, random draws.",
  "test/bench": "The benchmarks, counted and run briefly.",
  "test/checkpoint": "Files that are whole or refused.",
  "test/cli": "The real command line, as processes.",
  "test/data": "Image files as people have them.",
  "test/docs": "The docs against the code.",
  "test/examples": "The examples, run as they stand.",
  "test/gan": "Steps, recipes, latent space, the watch.",
  "test/gpu": "Devices, limits, losses of a device, text from outside.",
  "test/gpu/inspection": "Plans in figures.",
  "test/gpu/node": "Adapters, and the libraries that npm brings.",
  "test/gpu-check": "The check of an adapter, on kernels that are wrong on purpose.",
  "test/house": "The house's rules and words.",
  "test/judge": "The judge and its comparisons.",
  "test/kernels":
    "The op table run as tests: each op's values and gradients against float64, in every variant.",
  "test/metrics": "Distances and neighbourhoods against their definitions.",
  "test/nn": "Layers, optimizers, whole models.",
  "test/packages": "The package, packed, installed and used.",
  "test/pictures": "Pictures, read back.",
  "test/reference": "The tests of the float64 engine, against PyTorch's answers among others.",
  "test/runs": "Runs resumed, damaged, claimed, configured.",
  "test/soak": "`npm run soak`: proofs that take too long for every commit.",
  "test/support": "What tests share; the writers of generated docs.",
  "test/web": "The page in a real browser.",
  examples: "Programs to start from: `npm run example -- FILE`.",
  "examples/browser": "The page.",
  "packages/longhand": "The engine's package: how src/ becomes it.",
  bin: "`npx longhand`, for whoever installs this folder's package.",
  findings: "Faults of other people's software that were met here, each as a script that shows it.",
};

/** The first comment of a file as one text; formulas, which are indented, and what follows an empty line left out. */
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

/** What a file is: the first sentence of its first comment, without the name that shaders and recipes begin with. */
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

/** Every source file of the project with its summary, in the order of the folders above. */
export function treeEntries(): Entry[] {
  return Object.keys(FOLDERS).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && SOURCES.test(entry.name))
      .map((entry) => `${folder}/${entry.name}`)
      .toSorted()
      .map((file) => ({ file, summary: summaryOf(file, readFileSync(join(ROOT, file), "utf8")) })),
  );
}

/** Folders that hold sources and have no line above. */
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

/** The whole page. */
export function treeDoc(): string {
  const entries = treeEntries();
  const sections = Object.entries(FOLDERS).map(([folder, words]) => {
    const files = entries.filter(({ file }) => dirname(file) === folder);
    const rows = files.map(({ file, summary }) => `- \`${basename(file)}\`: ${summary}`);
    return [`## ${folder}/`, "", words, ...(rows.length > 0 ? ["", ...rows] : [])].join("\n");
  });
  return `# The tree

What each file is, in the first sentence of its first comment. Made by \`npm run docs\`; \`npx vitest run test/docs/tree.test.ts\` holds it to the files. The pages of \`docs/\` are listed in the [README](../README.md#docs).

${sections.join("\n\n")}
`;
}
