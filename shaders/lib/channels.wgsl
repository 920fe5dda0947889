// channels: how batch norm's shaders walk (R, C): an invocation takes WIDTH channels and one run of CHUNK rows.
//
// If there are several runs, a first launch stores the statistics of each run, and every invocation of the second
// launch combines those of its channels in a fixed order before it walks its own rows. With one run there is no first
// launch, and invocations walk their rows twice.
//
// If a GPU would stay empty, the lanes of a workgroup share the rows of a run instead (lib/parts.wgsl): neighbours take
// adjacent channels, and each part takes every PARTS-th row. WIDTH is then 1.
//
// If ranks share a batch (JOINED), the statistics are those of all ranks: the host puts them into partials.
//
// The shader that appends this declares the bindings inp, partial, partials and gamma.

const ROWS = 64u;
const CHANNELS = 8u;
const WIDTH = 4u; // 4 if every array starts at a vec4; else 1, and the four elements of each vec4f are equal
const SPLITS = 1u; // runs of rows
const CHUNK = 64u; // rows per run
const TRAINING = true; // whether the statistics are the batch's
const JOINED = false; // whether they come from all ranks, in lines of partials
const ALL_ROWS = 64u; // rows of all ranks

const BLOCKS = CHANNELS / WIDTH;
const NEXT = WIDTH / 4u; // the step from one channel of a vec4 to the next

// The channels of an invocation, from c on, and its rows.
struct Place {
  c: u32,
  split: u32,
  first: u32,
  end: u32,
  zero: u32, // a zero that compilers can't see through, so that loops over runs aren't unrolled
}

fn place(index: u32) -> Place {
  let split = index / BLOCKS;
  let zero = u32(split >= SPLITS);
  return Place((index % BLOCKS) * WIDTH, split, split * CHUNK, min(ROWS, (split + 1u) * CHUNK), zero);
}

// The channel of a lane and the rows that it shares with the other parts.
struct Shared {
  c: u32,
  split: u32,
  first: u32,
  end: u32,
  part: u32,
  live: bool, // whether there is such a channel and run; if not, the lane only goes along
  keeps: bool, // whether the lane stores the result of all parts
}

fn shared_place(index: u32, lane: u32) -> Shared {
  let blocks = (CHANNELS + SPREAD - 1u) / SPREAD;
  let c = index % blocks * SPREAD + lane % SPREAD;
  let split = index / blocks;
  let live = c < CHANNELS && split < SPLITS;
  let end = min(ROWS, (split + 1u) * CHUNK);
  return Shared(min(c, CHANNELS - 1u), split, split * CHUNK, end, lane / SPREAD, live, live && lane < SPREAD);
}

// The rows that the statistics are of.
fn batch_rows() -> f32 {
  if (JOINED) { return f32(ALL_ROWS); }
  return f32(ROWS);
}

// The rows of a run.
fn rows_in(split: u32) -> f32 {
  return f32(min(ROWS, (split + 1u) * CHUNK) - split * CHUNK);
}

fn x_at(row: u32, c: u32) -> vec4f {
  let at = INP_AT + row * CHANNELS + c;
  if (WIDTH == 4u) { return vec4f(inp[at / 4u]); }
  return vec4f(f32(inp[at / 4u][at % 4u]));
}

// The origin that a batch's mean is measured from: its first row. A mean near 1,000 would otherwise lose digits.
fn origin_of(c: u32) -> vec4f {
  if (TRAINING) { return x_at(0u, c); }
  return vec4f();
}

// A run's partial result, from line 0 or 1.
fn partial_at(split: u32, line: u32, c: u32) -> vec4f {
  let at = PARTIALS_AT + (split * 2u + line) * CHANNELS + c;
  if (WIDTH == 4u) { return partials[at / 4u]; }
  return vec4f(partials[at / 4u][at % 4u]);
}

fn store_partial(line: u32, p: Place, v: vec4f) {
  let at = PARTIAL_AT + (p.split * 2u + line) * CHANNELS + p.c;
  partial[at] = v.x;
  if (WIDTH == 4u) {
    partial[at + 1u] = v.y;
    partial[at + 2u] = v.z;
    partial[at + 3u] = v.w;
  }
}

fn gamma_at(c: u32) -> vec4f {
  let at = GAMMA_AT + c;
  return vec4f(gamma[at], gamma[at + NEXT], gamma[at + 2u * NEXT], gamma[at + 3u * NEXT]);
}
// appended: lib/parts.wgsl
