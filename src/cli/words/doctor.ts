// `longhand doctor`: which adapters this machine has, which one `auto` picks, and what to install for more speed. This
// file only prints; what it knows about adapters comes from the engine.

import { commandFor } from "../../runs/command-words.ts";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, cpus, platform, release, version } from "node:os";
import { escapeText } from "../../gpu/foreign-text.ts";
import type { AdapterKind, AdapterSurvey, OpenedAdapter } from "../../gpu/node/adapter.ts";
import {
  enabledDawnFeatures,
  installAdvice,
  openAdapter,
  surveyAdapters,
  swiftshaderFolder,
  versions,
} from "../../gpu/node/adapter.ts";
import { longhandVersion } from "../../runs/checkout.ts";
import { doubtOfHalf, hidesHalf, loadGpuCheck } from "../../runs/gpu-checks.ts";
import { loadKernelChoices } from "../../runs/kernel-choices.ts";

/** What `doctor` takes. */
export interface DoctorOptions {
  /** The adapter to examine, as for `openAdapter` (default: LONGHAND_ADAPTER, else `auto`). */
  readonly adapter?: string | undefined;
  /** Receives the report, piece by piece (default: stdout). */
  readonly write?: (text: string) => void;
}

const KIND_WORDS: Readonly<Record<AdapterKind, string>> = {
  gpu: "a GPU",
  software: "software, on the CPU",
  swiftshader: "embedded software, on the CPU",
  null: "runs nothing",
};

/** Features that speed Longhand up or measure it, and what each is good for. */
const FEATURES: Readonly<Record<string, string>> = {
  "timestamp-query": "times kernels on the device",
  "shader-f16": "16-bit floats in kernels",
  subgroups: "lanes share values without memory",
};

/** The limits that bound Longhand's kernels, with WebGPU's defaults: https://www.w3.org/TR/webgpu/#limits */
const LIMITS = [
  ["maxBufferSize", 256 * 2 ** 20, "bytes"],
  ["maxStorageBufferBindingSize", 128 * 2 ** 20, "bytes"],
  ["maxStorageBuffersPerShaderStage", 8, ""],
  ["minStorageBufferOffsetAlignment", 256, "bytes"],
  ["maxComputeWorkgroupStorageSize", 16 * 2 ** 10, "bytes"],
  ["maxComputeInvocationsPerWorkgroup", 256, ""],
  ["maxComputeWorkgroupSizeX", 256, ""],
  ["maxComputeWorkgroupsPerDimension", 65_535, ""],
] as const;

/**
 * Prints the available adapters, which one is picked and why, its features and limits, versions, and what to install
 * for more speed.
 * @throws AdapterError if no adapter opens, after everything else is printed.
 */
export async function doctor(options: DoctorOptions = {}): Promise<void> {
  const write = options.write ?? ((text: string): void => void process.stdout.write(text));
  write(section("Versions", versionLines()));
  const survey = await surveyAdapters();
  const start = performance.now();
  let opened: OpenedAdapter;
  try {
    opened = await openAdapter(options.adapter);
  } catch (error) {
    write(section("Adapters in reach", adapterLines(survey, undefined)));
    write(section("For more speed", speedLines(survey)));
    throw error;
  }
  const milliseconds = Math.round(performance.now() - start);
  try {
    const { adapter } = opened;
    write(section("Adapters in reach", adapterLines(survey, opened.name)));
    write(
      section("Picked", [
        opened.line,
        `opened in ${milliseconds} ms`,
        ...whyLines(opened, options),
      ]),
    );
    write(section("Features", featureLines(opened)));
    write(section("Limits", limitLines(adapter.limits)));
    write(section("Embedded SwiftShader", [swiftshaderFolder() ?? "not on this machine"]));
    write(section("Checked kernels", await checkedLines(opened)));
    write(section("Tuned kernels", await tunedLines(opened.name)));
    write(section("For more speed", speedLines(survey)));
  } finally {
    opened.release();
  }
}

function section(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => `  ${escapeText(line)}\n`).join("")}\n`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function versionLines(): string[] {
  const { webgpu, chromium, glibc } = versions();
  const libc =
    platform() === "linux" ? `, ${glibc === undefined ? "no glibc" : `glibc ${glibc}`}` : "";
  return table([
    ["longhand", longhandVersion()],
    ["node", process.versions.node],
    ["webgpu", `${webgpu ?? "not installed"} (Dawn for Node)`],
    ["@sparticuz/chromium", `${chromium ?? "not installed"} (brings SwiftShader)`],
    [
      "system",
      `${osRelease()["PRETTY_NAME"] ?? version()}, ${platform()} ${release()} ${arch()}${libc}`,
    ],
    ["cpu", `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`],
  ]);
}

function adapterLines({ adapters, trouble }: AdapterSurvey, picked: string | undefined): string[] {
  const rows = adapters.map(({ name, kind, backend }) => [
    name === picked ? "→" : " ",
    name,
    KIND_WORDS[kind],
    backend,
  ]);
  return [
    ...(rows.length > 0 ? table(rows) : ["none"]),
    ...(trouble === undefined ? [] : [`Note: ${trouble}.`]),
  ];
}

function whyLines({ kind }: OpenedAdapter, options: DoctorOptions): string[] {
  const request = options.adapter ?? process.env["LONGHAND_ADAPTER"] ?? "";
  if (request !== "" && request !== "auto") return [`because "${request}" was asked for`];
  switch (kind) {
    case "gpu":
      return ["because `auto` takes a GPU first"];
    case "software":
      return ["because no GPU is in reach, and it is faster than the embedded SwiftShader"];
    default:
      return ["because neither a GPU nor the system's software Vulkan is in reach"];
  }
}

function featureLines({ adapter: { features, info }, backend }: OpenedAdapter): string[] {
  const known = Object.entries(FEATURES).map(([name, use]) => [
    features.has(name) ? "yes" : "no",
    name,
    use,
  ]);
  const others = [...features].filter((name) => !(name in FEATURES)).sort();
  const hidden = hidesHalf(info, backend)
    ? ["Dawn hides shader-f16 on NVIDIA under Vulkan; vulkan_enable_f16_on_nvidia shows it."]
    : [];
  return [
    ...table(known),
    ...hidden,
    ...wrapped(`and ${others.length} more: ${others.join(", ")}`, 96),
    `Dawn's toggles that are on: ${enabledDawnFeatures().join(", ")} (LONGHAND_DAWN_FEATURES adds others)`,
  ];
}

function limitLines(limits: GPUSupportedLimits): string[] {
  const rows = LIMITS.map(([name, byDefault, unit]) => [
    name,
    amount(limits[name], unit),
    amount(byDefault, unit),
  ]);
  return table([["", "adapter", "WebGPU's default"], ...rows]);
}

function amount(value: number, unit: "bytes" | ""): string {
  if (unit === "") return value.toLocaleString("en");
  const power = Math.min(Math.max(Math.floor(Math.log2(value) / 10), 0), 3);
  const number = value / 1024 ** power;
  return `${Number.isInteger(number) ? number : number.toFixed(1)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

async function checkedLines({ name, backend, adapter }: OpenedAdapter): Promise<string[]> {
  const { path, checked, barred, f16 } = await loadGpuCheck(name);
  if (!checked)
    return [`none: ${commandFor("gpu-check")} compares them with float64 on this adapter`];
  const doubt = adapter.features.has("shader-f16")
    ? doubtOfHalf(adapter.info, backend, { f16 })
    : undefined;
  return [
    barred.length > 0
      ? `wrong on this adapter, so others run in their place: ${barred.join(", ")}`
      : "right on this adapter, as far as they were checked",
    ...(doubt === undefined ? [] : [`--f16 is refused: ${doubt}`]),
    `kept in ${path}`,
  ];
}

async function tunedLines(adapter: string): Promise<string[]> {
  const { path, choices, trouble } = await loadKernelChoices(adapter);
  const { length } = Object.keys(choices);
  const state =
    trouble !== undefined
      ? `none that are valid: ${trouble}`
      : length === 0
        ? `none: ${commandFor("tune")} measures which kernels are fastest on this adapter`
        : `${length} shapes measured on this adapter, for new runs`;
  return [state, `kept in ${path}`];
}

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

function speedLines({ adapters }: AdapterSurvey): string[] {
  const kinds = new Set(adapters.map(({ kind }) => kind));
  if (kinds.has("gpu")) return ["Nothing to install: a GPU is in reach."];
  if (platform() !== "linux") return [`No GPU is in reach: ${installAdvice()}.`];
  const lines = gpuLines();
  if (kinds.has("software")) return lines;
  return [
    ...lines,
    "Without a GPU, Mesa's lavapipe is about 4 times faster than SwiftShader:",
    `  ${lavapipeCommand()}`,
  ];
}

const GPU_VENDORS: Readonly<Record<string, readonly [name: string, driver: string]>> = {
  "0x10de": [
    "NVIDIA",
    "NVIDIA's own driver (Debian: nvidia-driver; Ubuntu: `ubuntu-drivers install`)",
  ],
  "0x1002": ["AMD", "Mesa's Vulkan drivers (mesa-vulkan-drivers)"],
  "0x8086": ["Intel", "Mesa's Vulkan drivers (mesa-vulkan-drivers)"],
};

function gpuLines(): string[] {
  const found = pciDisplayVendors().flatMap((vendor) =>
    GPU_VENDORS[vendor] ? [GPU_VENDORS[vendor]] : [],
  );
  if (found.length === 0)
    return [
      "A GPU with a Vulkan driver would be far faster than any CPU; none is on this machine's PCI bus.",
    ];
  return found.map(
    ([name, driver]) =>
      `A GPU by ${name} is plugged in, but Dawn can't reach it: install ${driver}.`,
  );
}

// PCI class 0x03 is "display controller".
function pciDisplayVendors(): string[] {
  const devices = "/sys/bus/pci/devices";
  if (!existsSync(devices)) return [];
  const read = (device: string, file: string): string =>
    readFileSync(`${devices}/${device}/${file}`, "utf8").trim();
  const displays = readdirSync(devices).filter((device) =>
    read(device, "class").startsWith("0x03"),
  );
  return [...new Set(displays.map((device) => read(device, "vendor")))];
}

function lavapipeCommand(): string {
  const { ID: id = "", ID_LIKE: like = "", VERSION_ID: versionId = "" } = osRelease();
  const is = (family: string): boolean => [id, ...like.split(" ")].includes(family);
  if (id === "debian" && versionId === "12") {
    // Debian 12's own Mesa, 22.3, is too old for Dawn.
    return "echo 'deb http://deb.debian.org/debian bookworm-backports main' | sudo tee /etc/apt/sources.list.d/backports.list && sudo apt update && sudo apt install -t bookworm-backports libvulkan1 mesa-vulkan-drivers";
  }
  if (is("debian") || is("ubuntu")) {
    return "sudo apt install libvulkan1 mesa-vulkan-drivers   (Mesa 24 or newer: Debian 13, Ubuntu 24.04)";
  }
  if (is("fedora") || is("rhel")) return "sudo dnf install vulkan-loader mesa-vulkan-drivers";
  if (is("arch")) return "sudo pacman -S vulkan-icd-loader vulkan-swrast";
  if (is("suse")) return "sudo zypper install libvulkan1 libvulkan_lvp";
  return "install your system's Vulkan loader and Mesa's lavapipe, version 24 or newer";
}

function osRelease(): Record<string, string> {
  if (!existsSync("/etc/os-release")) return {};
  const pairs = readFileSync("/etc/os-release", "utf8").matchAll(/^([A-Z_]+)="?(.*?)"?$/gm);
  return Object.fromEntries([...pairs].map(([, key = "", value = ""]) => [key, value]));
}
