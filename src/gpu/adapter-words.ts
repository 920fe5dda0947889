// What an adapter is, in words: its kind, its name, its line for people, its rank in the order of choice. This is pure
// text that depends on neither Node nor Dawn, so the browser's entry uses it too.

/**
 * `gpu` is real hardware, `software` the system's Vulkan on the CPU (such as lavapipe), `swiftshader` the embedded one,
 * and `null` Dawn's backend that runs nothing.
 */
export type AdapterKind = "gpu" | "software" | "swiftshader" | "null";

/** An adapter that Dawn lists. */
export interface ListedAdapter {
  /** For people and run records, such as "llvmpipe (LLVM 15.0.6, 256 bits), Mesa 25.0.7". */
  readonly name: string;
  readonly kind: AdapterKind;
  /** Dawn's backend: "vulkan", "metal", "d3d12", … */
  readonly backend: string;
  /** The name that Dawn knows the adapter by. */
  readonly device: string;
}

const SOFTWARE = /llvmpipe|lavapipe|softpipe|swiftshader|basic render|\bwarp\b/i;

/** Returns an adapter's kind from what WebGPU reports. It is never `swiftshader`, which only its unpacker knows. */
export function kindOf(backend: string, device: string, isFallbackAdapter: boolean): AdapterKind {
  if (backend === "null") return "null";
  // OpenGL doesn't flag its CPU rasterizers as fallbacks, so the name counts too.
  return isFallbackAdapter || SOFTWARE.test(device) ? "software" : "gpu";
}

/** Returns the device's name, with its driver's version if `GPUAdapterInfo.description` contains one. */
export function nameOf(device: string, description: string): string {
  const version = /(Mesa|macOS Version)? ?(\d+\.\d+[\d.]*)/.exec(description);
  if (!version) return device;
  const [, owner = "driver", number] = version;
  return `${device}, ${owner.replace(" Version", "")} ${number}`;
}

/** Returns one line that says which adapter runs and what it is; for one on the CPU also what would be faster. */
export function lineOf(adapter: Pick<ListedAdapter, "name" | "kind" | "backend">): string {
  switch (adapter.kind) {
    case "gpu":
      return `${adapter.name}: a GPU, through ${adapter.backend}`;
    case "software":
      return `${adapter.name}: software that runs on the CPU; a GPU would be far faster`;
    case "swiftshader":
      return `${adapter.name}: the embedded software adapter, on the CPU; Mesa's lavapipe (24 or newer) would be about 4 times faster, a GPU far faster still`;
    case "null":
      return `${adapter.name}: runs NOTHING, every result is void; it only times the host`;
  }
}

/**
 * Whether an adapter serves a request, which is a keyword (`auto`, `gpu`, `software`, `swiftshader`, `null`) or a part
 * of the adapter's name in any case.
 */
export function serves(adapter: ListedAdapter, request: string): boolean {
  const { kind, name, device } = adapter;
  switch (request.toLowerCase()) {
    case "null":
      return kind === "null";
    case "auto":
      return kind !== "null";
    case "gpu":
      return kind === "gpu";
    case "software":
      return kind === "software" || kind === "swiftshader";
    case "swiftshader":
      return kind === "swiftshader";
    default:
      return kind !== "null" && `${name}\n${device}`.toLowerCase().includes(request.toLowerCase());
  }
}

const KINDS: readonly AdapterKind[] = ["gpu", "software", "swiftshader", "null"];
// The backends that offer all of WebGPU. Others (d3d11, opengl, opengles) offer only a part.
const FULL_BACKENDS: readonly string[] = ["metal", "d3d12", "vulkan"];

/** Sorts adapters as `auto` tries them: by kind, then full WebGPU before partial, then in Dawn's order. */
export function inOrderOfChoice(adapters: readonly ListedAdapter[]): ListedAdapter[] {
  const rank = ({ kind, backend }: ListedAdapter): number =>
    KINDS.indexOf(kind) * 2 + (FULL_BACKENDS.includes(backend) ? 0 : 1);
  return [...adapters].sort((a, b) => rank(a) - rank(b));
}

/** Returns what WebGPU says about an adapter as the engine lists it. */
export function adapterFrom(said: {
  readonly backend: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter: boolean;
}): ListedAdapter {
  const { backend, device, description, isFallbackAdapter } = said;
  return {
    name: nameOf(device, description),
    kind: kindOf(backend, device, isFallbackAdapter),
    backend,
    device,
  };
}

/** Returns why the process that listed the system's adapters found too few, as a clause; undefined if all is well. */
export function troubleOf(
  error: { killed?: boolean; signal?: string | null; code?: string | number | null } | null,
  stderr: string,
  found: number,
): string | undefined {
  if (error?.killed) return "a graphics driver of the system hangs";
  if (error) return `a graphics driver of the system crashes (${error.signal ?? error.code})`;
  // Dawn says in one line why it refuses a driver, and then where in its source that is.
  const refusal = /^Warning: (?!maxDynamic|vkCreateInstance|Couldn't load)(.+?)\.?$/m.exec(stderr);
  if (refusal) return `Dawn refuses a driver of the system, perhaps an old one: ${refusal[1]}`;
  return found === 0 ? "the system has no driver that Dawn can use" : undefined;
}
