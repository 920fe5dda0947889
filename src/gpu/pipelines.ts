// Pipelines by (shader, entry, constants, bindings): each is made once and kept for the life of the device.
import type { Faults } from "./faults.ts";
import {
  bindingsOf,
  joinedText,
  specialise,
  type BindingDeclaration,
  type Specialisation,
} from "./shader.ts";

/** The pipeline that a launch needs. `names` are the WGSL variables that it binds. */
export interface PipelineRequest extends Required<Specialisation> {
  readonly shader: string;
  readonly entry: string;
  /** The pipeline's name. Default: shader and entry point. */
  readonly label?: string;
  readonly names: readonly string[];
}

/** A pipeline, compiled or not yet, with its explicit bind-group layout. */
export interface PipelineEntry {
  readonly label: string;
  readonly request: PipelineRequest;
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
  readonly #texts = new Map<string, string>();
  readonly #added = new Map<string, string>();

  constructor(device: GPUDevice, shaderText: (path: string) => string, faults: Faults) {
    this.#device = device;
    this.#shaderText = shaderText;
    this.#faults = faults;
  }

  /** The number of distinct pipelines requested so far. */
  get count(): number {
    return this.#entries.size;
  }

  entry(request: PipelineRequest): PipelineEntry {
    const { shader, entry, constants, starts, names, f16Bindings } = request;
    const key = JSON.stringify([shader, entry, constants, starts, names, f16Bindings]);
    const known = this.#entries.get(key);
    if (known) return known;
    const { label = `${shader}.${entry}` } = request;
    const bindings = this.#bindings(shader, names, label);
    const layout = this.#layout(shader, bindings);
    const made: PipelineEntry = {
      label,
      request: { shader, entry, constants, starts, names, f16Bindings },
      layout,
      bindings,
      descriptor: {
        label,
        layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: {
          module: this.#device.createShaderModule({ label, code: this.code(request) }),
          entryPoint: entry,
        },
      },
      pipeline: undefined,
    };
    this.#entries.set(key, made);
    return made;
  }

  /** Returns the text that the driver gets: a shader with its libraries, specialised. */
  code(request: PipelineRequest): string {
    return specialise(this.#text(request.shader), request, `${request.shader}.wgsl`);
  }

  /** Returns the pipeline, compiled synchronously if needed. For eager launches. */
  make(entry: PipelineEntry): GPUComputePipeline {
    return (entry.pipeline ??= this.#device.createComputePipeline(entry.descriptor));
  }

  /** Compiles in the background, for programs. Throws `GpuError` with the compiler's message, or `DeviceLostError`. */
  async prepare(entry: PipelineEntry): Promise<void> {
    if (entry.pipeline) return;
    const made = this.#device.createComputePipelineAsync(entry.descriptor);
    entry.pipeline = await this.#faults.settle(entry.label, made);
  }

  /**
   * Adds a shader that isn't in `shaders/`; it may use the libraries there. Returns its name for launches: `name`, with
   * a number if another text already has that name.
   */
  add(name: string, text: string): string {
    for (let count = 1; ; count += 1) {
      const shader = count === 1 ? name : `${name}_${count}`;
      const known = this.#added.get(shader);
      if (known === undefined) this.#added.set(shader, text);
      if (known === undefined || known === text) return shader;
    }
  }

  #text(shader: string): string {
    const own = `${shader}.wgsl`;
    const read = (path: string): string =>
      (path === own ? this.#added.get(shader) : undefined) ?? this.#shaderText(path);
    const text = this.#texts.get(shader) ?? joinedText(own, read);
    this.#texts.set(shader, text);
    return text;
  }

  #bindings(
    shader: string,
    names: readonly string[],
    label: string,
  ): readonly BindingDeclaration[] {
    const declared = bindingsOf(this.#text(shader));
    return names.map((name) => {
      const found = declared.find((declaration) => declaration.name === name);
      if (!found) throw new Error(`${label}: ${shader}.wgsl declares no storage binding "${name}"`);
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
