// A training step in slow motion: the launches of the compiled step, part by part, with a look at what each part made.
import { locate, type GpuArray } from "../gpu/array.ts";
import type { Dispatch } from "../gpu/dispatch.ts";
import { compile, type Program } from "../gpu/program.ts";
import type { Gan } from "./gan.ts";
import { numbersOf, snapshot } from "./slow-numbers.ts";
import { trainingStep } from "./step.ts";
import { STEP_PARTS, type Sight, type StepOptions, type StepPart } from "./steps/parts.ts";

/** A launch of a part. */
export interface SlowLaunch {
  /** Its index in the step. */
  readonly index: number;
  /** Shader and entry point, such as `conv2d-forward.tiled`. */
  readonly label: string;
  /** The layer that it works for, such as `discriminator.conv2d_1`. */
  readonly layer: string | undefined;
  /** The shapes of what it writes. */
  readonly results: readonly (readonly number[])[];
}

/** Consecutive launches of one part of a step. */
export interface PartOutline {
  readonly part: StepPart;
  readonly launches: readonly SlowLaunch[];
}

/** A part that has just run. */
export interface SlowPart extends PartOutline {
  /** Its place among the step's parts, from 0. */
  readonly at: number;
  /** Figures of what it made, by name; see `numbersOf`. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Arrays worth looking at. They hold their values until the next step. */
  readonly arrays: Partial<Readonly<Record<Sight, GpuArray>>>;
}

/** A step that can be run in slow motion. */
export interface SlowStep {
  readonly program: Program;
  /** All parts, in the order in which they run. A part's name may occur more than once. */
  readonly parts: readonly PartOutline[];
  /**
   * Runs one step, and yields after each part. The bits are those of the compiled step. If the caller leaves early, the
   * rest of the step runs at once, so that the GAN always stands between two steps. Meanwhile no other program may
   * change the GAN; others may run.
   */
  readonly run: () => AsyncGenerator<SlowPart, void, undefined>;
  /** Destroys its buffers. */
  readonly release: () => void;
}

/** A part with what is needed to run and watch it. */
interface Group {
  readonly part: StepPart;
  readonly first: number;
  readonly dispatches: readonly Dispatch[];
  readonly arrays: Partial<Record<Sight, GpuArray>>;
}

/**
 * Compiles a step for slow motion. Each temporary has a buffer of its own, so that it can be looked at later, and no
 * other program can overwrite it between two parts.
 */
export async function compileSlowStep(
  gan: Gan,
  count: number,
  { only }: Pick<StepOptions, "only"> = {},
): Promise<SlowStep> {
  const seen: [Sight, GpuArray][] = [];
  const see = (sight: Sight, array: GpuArray): void => void seen.push([sight, array]);
  const body = () => trainingStep(gan, count, { only, see });
  const program = await compile(gan.device, "slow_step", body, { share: false });
  for (const [storage, buffer] of program.planned) storage.buffer = buffer; // so that they can be read
  const groups = groupsOf(program.plan.dispatches, seen);
  const parts = groups.map(outlineOf);
  return {
    program,
    parts,
    run: () => runSlowly(gan, program, groups, parts),
    release() {
      const storages = [...program.planned.keys(), ...program.plan.outputs];
      for (const storage of storages) {
        storage.buffer?.destroy();
        storage.buffer = undefined;
      }
    },
  };
}

/** Cuts a step into its parts, and finds the part that makes each array. */
function groupsOf(
  dispatches: readonly Dispatch[],
  seen: readonly (readonly [Sight, GpuArray])[],
): readonly Group[] {
  const groups: {
    part: StepPart;
    first: number;
    dispatches: Dispatch[];
    arrays: Group["arrays"];
  }[] = [];
  for (const [index, dispatch] of dispatches.entries()) {
    const part = partOf(dispatch) ?? groups.at(-1)?.part ?? "noise";
    const last = groups.at(-1);
    if (last?.part === part) last.dispatches.push(dispatch);
    else groups.push({ part, first: index, dispatches: [dispatch], arrays: {} });
  }
  for (const [sight, array] of seen) {
    const maker = groups.findLast((group) => group.dispatches.some((each) => writes(each, array)));
    if (maker) maker.arrays[sight] = array;
  }
  const back = groups.find(({ part }) => part === "generator-backward");
  const slopes = back && imageGradientIn(back.dispatches, seen);
  if (slopes) back.arrays.slopes = slopes;
  return groups;
}

/** Returns what the discriminator's first layer passes back to the generator: an array of as many values as the images. */
function imageGradientIn(
  dispatches: readonly Dispatch[],
  seen: readonly (readonly [Sight, GpuArray])[],
): GpuArray | undefined {
  const images = seen.find(([sight]) => sight === "fake")?.[1];
  const written = dispatches
    .filter(({ place }) => place.layer?.startsWith("discriminator."))
    .flatMap(({ bindings }) => bindings.filter(({ access }) => access === "read_write"))
    .map(({ array }) => array);
  return written.findLast(
    ({ shape, size }) => shape[0] === images?.shape[0] && size === images?.size,
  );
}

/** Returns the part of a dispatch, which `inPart` named. */
const partOf = ({ place }: Dispatch): StepPart | undefined =>
  STEP_PARTS.find((part) => part === place.part);

/** Whether a dispatch writes any part of an array. */
function writes({ bindings }: Dispatch, array: GpuArray): boolean {
  const wanted = locate(array.storage, array.byteOffset);
  return bindings.some(({ access, array: bound }) => {
    if (access !== "read_write") return false;
    const { root, byteOffset } = locate(bound.storage, bound.byteOffset);
    const apart =
      byteOffset >= wanted.byteOffset + array.size * 4 ||
      wanted.byteOffset >= byteOffset + bound.size * 4;
    return root === wanted.root && !apart;
  });
}

function outlineOf({ part, first, dispatches }: Group): PartOutline {
  const launches = dispatches.map(({ label, place, bindings }, i): SlowLaunch => {
    const written = bindings.filter(({ access }) => access === "read_write");
    const results = written.map(({ array }) => array.shape);
    return { index: first + i, label, layer: place.layer, results };
  });
  return { part, launches };
}

async function* runSlowly(
  gan: Gan,
  program: Program,
  groups: readonly Group[],
  parts: readonly PartOutline[],
): AsyncGenerator<SlowPart, void, undefined> {
  const { device } = gan;
  await device.idle();
  let done = 0;
  const runUpTo = (end: number): void => {
    device.flush();
    const encoder = device.gpu.createCommandEncoder({ label: program.label });
    const pass = encoder.beginComputePass({ label: program.label });
    for (const { first, dispatches } of groups.slice(done, end)) {
      dispatches.forEach((_, i) => program.encode(pass, first + i));
    }
    pass.end();
    device.gpu.queue.submit([encoder.finish()]);
    done = end;
  };
  try {
    let labels: GpuArray | undefined; // a part's verdicts are those of the classes, which another part found
    for (const [at, { part, arrays }] of groups.entries()) {
      labels = arrays.labels ?? labels;
      const before = await snapshot(gan, part);
      runUpTo(at + 1);
      await device.idle();
      const numbers = await numbersOf(gan, part, labels ? { ...arrays, labels } : arrays, before);
      yield { ...parts[at]!, at, numbers, arrays };
    }
  } finally {
    if (done < groups.length) runUpTo(groups.length);
  }
}
