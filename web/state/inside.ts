// What a visitor looks at inside the networks, and what the lab found there.
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { LayerFacts, Player, Variant } from "../../src/web.ts";
import type { Look, NetworkFacts, NormHistory } from "../lab/inside.ts";
import type {
  LaunchFacts,
  StepKernels,
  StepTimes,
  VariantFacts,
  VariantTime,
} from "../lab/kernels.ts";
import { proxy } from "comlink";
import { attempt, keepUp } from "./actions.ts";
import { lab } from "./lab.ts";
import { hasRun, hearRenewals, runState } from "./state.ts";

const NO_NORMS: NormHistory = { steps: [], lines: [] };

/** Which network is looked at. */
export const subject: Signal<"trained" | "run"> = signal("trained");
/** Both networks' layers; undefined until they are known. */
export const networks: Signal<NetworkFacts | undefined> = signal(undefined);
/** The layer that is looked at. */
export const chosen: Signal<{ readonly network: Player; readonly layer: number }> = signal({
  network: "generator",
  layer: 0,
});
/** Which sample is drawn, or which digit is taken. */
export const seed: Signal<number> = signal(1);
/** Whether the discriminator looks at a real digit. */
export const real: Signal<boolean> = signal(false);
/** What was painted of the layer. */
export const look: Signal<Look | undefined> = signal(undefined);
/** The norms of the layer's gradients. */
export const norms: Signal<NormHistory> = signal(NO_NORMS);
/** The launches of a step. */
export const kernels: Signal<StepKernels | undefined> = signal(undefined);
/** Their times, once they are measured. */
export const times: Signal<StepTimes | undefined> = signal(undefined);
/** How far measuring is, from 0 to 1; undefined while nothing is measured. */
export const measured: Signal<number | undefined> = signal(undefined);
/** The launch whose WGSL is open. */
export const launch: Signal<number | undefined> = signal(undefined);
/** The WGSL that is shown. */
export const wgsl: Signal<string> = signal("");
/** The variants of the open launch, and the one whose WGSL is shown. */
export const variants: Signal<readonly VariantFacts[]> = signal([]);
export const variant: Signal<Variant | undefined> = signal(undefined);
/** The figures of the variants that were timed. */
export const variantTimes: Signal<readonly VariantTime[]> = signal([]);
/** Whether a variant is being timed. */
export const timing: Signal<boolean> = signal(false);

/** The facts of the layer that is looked at. */
export const layer: ReadonlySignal<LayerFacts | undefined> = computed(
  () => networks.value?.layers[chosen.value.network][chosen.value.layer],
);
/** The launches that work for that layer. */
export const ofLayer: ReadonlySignal<readonly LaunchFacts[]> = computed(
  () => kernels.value?.launches.filter((each) => each.layer === layer.value?.name) ?? [],
);
/** The launch that is open. */
export const opened: ReadonlySignal<LaunchFacts | undefined> = computed(() =>
  launch.value === undefined ? undefined : kernels.value?.launches[launch.value],
);

/** Takes the networks of a subject into view. */
export async function lookAt(what: "trained" | "run"): Promise<void> {
  subject.value = what;
  forget();
  await keepUp(async () => {
    const found = await lab.networks(what);
    if (subject.value !== what) return;
    networks.value = found;
    if (!found.hasReal) real.value = false;
    const { network, layer: index } = chosen.value;
    if (index >= found.layers[network].length) chosen.value = { network, layer: 0 };
  });
}

function forget(): void {
  networks.value = undefined;
  look.value = undefined;
  norms.value = NO_NORMS;
  kernels.value = undefined;
  times.value = undefined;
  close();
}

// What was found belongs to networks that are gone.
hearRenewals(forget);

/** Begins with the run, if there is one. While one is prepared, there is nothing to look at. */
export async function openInside(): Promise<void> {
  if (runState.value === "preparing" || networks.value) return;
  await lookAt(hasRun.value ? "run" : "trained");
}

let looking = false;
let again = false;

/** Paints the chosen layer with the networks as they are now. While it is painted, further calls become one. */
export async function refresh(): Promise<void> {
  if (!networks.value) return;
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  do {
    again = false;
    const { network, layer: index } = chosen.value;
    const what = subject.value;
    const request = { subject: what, network, layer: index, seed: seed.value, real: real.value };
    await keepUp(async () => {
      const seen = await lab.look(request);
      const lengths = what === "run" ? await lab.gradientNorms(network, index) : NO_NORMS;
      if (subject.value !== what || !networks.value) return; // those are gone
      look.value = seen;
      norms.value = lengths;
    });
  } while (again);
  looking = false;
}

/** Asks for the launches of a step. */
export async function askKernels(): Promise<void> {
  if (kernels.value || !networks.value) return;
  const what = subject.value;
  await keepUp(async () => {
    const found = await lab.stepKernels(what);
    if (subject.value === what) kernels.value = found;
  });
}

/** Times the launches of a step. */
export async function measure(): Promise<void> {
  if (measured.value !== undefined) return;
  measured.value = 0;
  const what = subject.value;
  await attempt(async () => {
    const heard = (done: number, total: number): void => {
      measured.value = done / total;
    };
    const found = await lab.timeStep(what, proxy(heard));
    if (subject.value === what) times.value = found;
  });
  measured.value = undefined;
}

/** Shows the WGSL of a launch, and times the variant that it is; without one, shows that of none. */
export async function open(index: number | undefined): Promise<void> {
  close();
  if (index === undefined) return;
  launch.value = index;
  const what = subject.value;
  await attempt(async () => {
    const text = await lab.wgsl(what, index);
    const found = kernels.value?.launches[index]?.varies ? await lab.variants(what, index) : [];
    if (launch.value !== index) return;
    wgsl.value = text;
    variants.value = found;
    const standard = found.find((each) => each.standard);
    if (standard) await tryVariant(standard.variant);
  });
}

function close(): void {
  launch.value = undefined;
  wgsl.value = "";
  variants.value = [];
  variant.value = undefined;
  variantTimes.value = [];
}

/** Shows another variant of the open launch, and times it. */
export async function tryVariant(wanted: Variant): Promise<void> {
  const index = launch.value;
  if (index === undefined || timing.value) return;
  timing.value = true;
  variant.value = wanted;
  const what = subject.value;
  await attempt(async () => {
    const text = await lab.wgsl(what, index, wanted);
    if (launch.value !== index) return; // another one was opened meanwhile
    wgsl.value = text;
    if (variantTimes.value.some((each) => each.variant === wanted)) return;
    const timed = await lab.timeVariant(what, index, wanted);
    if (launch.value === index) variantTimes.value = [...variantTimes.value, timed];
  });
  timing.value = false;
  // One that was opened meanwhile waits for its turn.
  const standard = variants.value.find((each) => each.standard);
  if (launch.value !== index && variant.value === undefined && standard) {
    await tryVariant(standard.variant);
  }
}
