// channels: how batch norm's shaders walk (R, C): an invocation takes WIDTH channels and one run of CHUNK rows.
//
// With several runs a first launch leaves what each makes of its rows, and every invocation of the second joins
// all of that for its channels, in a fixed order, before it walks its own rows. With one run there is no first
// launch: invocations walk their rows twice.
//
// The shader that appends this has the bindings inp, partial, partials and gamma.

const ROWS = 64u;
const CHANNELS = 8u;
const WIDTH = 4u; // 4 where all starts at whole fours; else 1, and the four elements of each vec4f are equal
const SPLITS = 1u; // runs of rows
const CHUNK = 64u;
const TRAINING = true; // whether the statistics are the batch's

const BLOCKS = CHANNELS / WIDTH;
const NEXT = WIDTH / 4u; // from one channel of a four to the next

// The channels, from c on, and the rows of an invocation.
struct Place {
  c: u32,
  split: u32,
  first: u32,
  end: u32,
  zero: u32, // 0 in a way that compilers can't see, so that loops over runs stay loops
}

fn place(index: u32) -> Place {
  let split = index / BLOCKS;
  let zero = u32(split >= SPLITS);
  return Place((index % BLOCKS) * WIDTH, split, split * CHUNK, min(ROWS, (split + 1u) * CHUNK), zero);
}

fn x_at(row: u32, c: u32) -> vec4f {
  let at = INP_AT + row * CHANNELS + c;
  if (WIDTH == 4u) { return vec4f(inp[at / 4u]); }
  return vec4f(f32(inp[at / 4u][at % 4u]));
}

// What a batch's mean is counted from, its first row: near a mean of 1,000 the mean itself would lose digits.
fn origin_of(c: u32) -> vec4f {
  if (TRAINING) { return x_at(0u, c); }
  return vec4f();
}

// What a run left, in line 0 or 1.
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
