// groups: how group norm's shaders walk (N, P, G, Q): a cell is one group of one example, COUNT = P · Q elements.

const CELLS = 8u; // N · G
const GROUPS = 1u; // G
const COUNT = 64u;
const WIDTH = 64u; // Q
const CHANNELS = 64u; // G · Q
const SPLITS = 1u; // invocations that share a cell's elements

// An invocation's share of a cell: every SPLITS-th element from element `split` on.
struct Share {
  cell: u32,
  split: u32,
}

// Neighbouring invocations take neighbouring groups of one split, then the next split.
fn share_of(index: u32) -> Share {
  let rest = index / GROUPS;
  return Share((rest / SPLITS) * GROUPS + index % GROUPS, rest % SPLITS);
}

fn count_of(split: u32) -> u32 {
  return (COUNT + SPLITS - 1u - split) / SPLITS;
}

// The index of element e of a cell.
fn element(cell: u32, e: u32) -> u32 {
  let first = (cell / GROUPS) * COUNT * GROUPS + (cell % GROUPS) * WIDTH;
  return first + (e / WIDTH) * CHANNELS + e % WIDTH;
}
