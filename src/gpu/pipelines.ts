// Pipelines by (shader, entry, constants, bindings): made once, kept for the life of the device.
import type { Faults } from "./faults.ts";
import {
  bindingsOf,
  librariesOf,
  specialise,
  type BindingDeclaration,
  type Constant,
} from "./shader.ts";

/** Which pipeline a launch wants. `names` are the WGSL variables that it binds, `f16Bindings` those that hold f16. */
export interface PipelineRequest {
  readonly shader: string;
  readonly entry: string;
  readonly constants: Readonly<Record<string, Constant>>;
  readonly names: readonly string[];
  readonly f16Bindings: readonly string[];
}

/** A pipeline, made or in the making, with its explicit bind-group layout. */
export interface PipelineEntry {
  readonly label: string;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly BindingDeclaration[];
  readonly descriptor: GPUComputePipelineDescriptor;
  pipeline: GPUComputePipeline | undefined;
}

/** The pipeline cache of one device. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #shaderText: (path: string) => string;
  readonly #faults: Faults;
  readonly #entries = new Map<string, PipelineEntry>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #declared = new Map<string, readonly BindingDeclaration[]>();

  constructor(device: GPUDevice, shaderText: (path: string) => string, faults: Faults) {
    this.#device = device;
    this.#shaderText = shaderText;
    this.#faults = faults;
  }

  /** Number of distinct pipelines asked for so far. */
  get count(): number {
    return this.#entries.size;
  }

  entry(request: PipelineRequest): PipelineEntry {
    const { shader, entry, constants, names, f16Bindings } = request;
    const key = JSON.stringify([shader, entry, constants, names, f16Bindings]);
    const known = this.#entries.get(key);
    if (known) return known;
    const label = `${shader}.${entry}`;
    const path = `${shader}.wgsl`;
    const bindings = this.#bindings(path, names, label);
    const layout = this.#layout(shader, bindings);
    const made: PipelineEntry = {
      label,
      layout,
      bindings,
      descriptor: {
        label,
        layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: {
          module: this.#device.createShaderModule({
            label,
            code: specialise(this.#text(path), constants, path, f16Bindings),
          }),
          entryPoint: entry,
        },
      },
      pipeline: undefined,
    };
    this.#entries.set(key, made);
    return made;
  }

  /** The pipeline now, compiled on the spot if need be: for eager launches. */
  make(entry: PipelineEntry): GPUComputePipeline {
    return (entry.pipeline ??= this.#device.createComputePipeline(entry.descriptor));
  }

  /** Compiles in the background: for programs. Throws `GpuError` with the compiler's words, `DeviceLostError`. */
  async prepare(entry: PipelineEntry): Promise<void> {
    if (entry.pipeline) return;
    const made = this.#device.createComputePipelineAsync(entry.descriptor);
    entry.pipeline = await this.#faults.settle(entry.label, made);
  }

  /** A shader with its libraries, which may declare bindings too. */
  #text(path: string): string {
    const text = this.#shaderText(path);
    const libraries = librariesOf(text).map((library) => this.#shaderText(library));
    return [text, ...libraries].join("\n");
  }

  #bindings(path: string, names: readonly string[], label: string): readonly BindingDeclaration[] {
    const declared = this.#declared.get(path) ?? bindingsOf(this.#text(path));
    this.#declared.set(path, declared);
    return names.map((name) => {
      const found = declared.find((declaration) => declaration.name === name);
      if (!found) throw new Error(`${label}: ${path} declares no storage binding "${name}"`);
      return found;
    });
  }

  #layout(shader: string, bindings: readonly BindingDeclaration[]): GPUBindGroupLayout {
    const entries = bindings.map(({ binding, access }): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: 0x4, // COMPUTE
      buffer: { type: access === "read" ? "read-only-storage" : "storage" },
    }));
    const key = JSON.stringify(entries);
    const known = this.#layouts.get(key);
    if (known) return known;
    const made = this.#device.createBindGroupLayout({ label: shader, entries });
    this.#layouts.set(key, made);
    return made;
  }
}
